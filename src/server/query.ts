import { z } from 'zod';
import { SightlineError } from '../core/errors.js';
import { eventIdPattern } from '../events/event-id.js';
import { eventTypes } from '../events/identity-event.js';

/** A number from `min` to `max`, written as text. */
function numeric(min: number, max: number, kind: 'whole number' | 'number') {
  const error = `expected a ${kind} from ${min} to ${max}`;
  const fits = (value: number) =>
    value >= min && value <= max && (kind === 'number' || Number.isInteger(value));
  return z.string({ error }).transform(Number).refine(fits, { error });
}

/** A parameter that may come several times; an empty list when it does not come. */
function several<T extends z.ZodType<unknown, string>>(item: T) {
  const listed = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item));
  return listed.default([]);
}

const overlay = z
  .enum(['on', 'off'], { error: 'expected on or off' })
  .default('on')
  .transform((value) => value === 'on');
const width = numeric(16, 7680, 'whole number').nullable().default(null);
const fps = numeric(0.1, 60, 'number').nullable().default(null);
const camera = several(z.string());
const type = several(z.enum(eventTypes, { error: `expected one of ${eventTypes.join(', ')}` }));
const since = z
  .string()
  .regex(eventIdPattern, { error: 'expected the id of an event' })
  .nullable()
  .default(null);
const limit = numeric(1, 1000, 'whole number').default(50);

/** `?width=&overlay=` of one picture. */
export const pictureQuery = z.strictObject({ width, overlay });
/** `?width=&overlay=&fps=` of a stream of pictures. */
export const streamQuery = z.strictObject({ width, overlay, fps });
/** `?camera=&type=&since=` of a stream of events. */
export const eventStreamQuery = z.strictObject({ camera, type, since });
/** `?camera=&type=&since=&limit=` of recent events. */
export const recentEventsQuery = z.strictObject({ camera, type, since, limit });

export type PictureQuery = z.output<typeof pictureQuery>;
export type StreamQuery = z.output<typeof streamQuery>;
export type EventStreamQuery = z.output<typeof eventStreamQuery>;

/** The parameters of a request; a list for one that came several times. */
export type Query = Readonly<Record<string, string | string[]>>;

/** The query of a request target in the shape that fastify gives. */
export function queryOf(params: URLSearchParams): Query {
  const entries = [...new Set(params.keys())].map((key): [string, string | string[]] => {
    const values = params.getAll(key);
    return [key, values.length === 1 ? (values[0] ?? '') : values];
  });
  return Object.fromEntries(entries);
}

/**
 * The parameters of a query as a schema reads them.
 * @throws SightlineError REQUEST_INVALID that names every wrong parameter
 */
export function parseQuery<T extends z.ZodType>(schema: T, query: Query): z.output<T> {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describe(issue, query));
  throw new SightlineError('REQUEST_INVALID', `Query: ${problems.join('; ')}.`);
}

function describe(issue: z.core.$ZodIssue, query: Query): string {
  if (issue.code === 'unrecognized_keys') return `unknown parameter ${issue.keys.join(', ')}`;
  const [name, index] = issue.path;
  const given = query[String(name)];
  const value = Array.isArray(given) && typeof index === 'number' ? given[index] : given;
  return `${String(name)}: ${issue.message} but received ${JSON.stringify(value)}`;
}
