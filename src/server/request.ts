import type { z } from 'zod';
import { describeIssue } from '../config/describe-issue.js';
import { SightlineError } from '../core/errors.js';

/** The parts of a request that have a schema, by fastify's names, as errors call them. */
const partNames: Readonly<Record<string, string>> = {
  body: 'Body',
  querystring: 'Query',
  params: 'Path',
  headers: 'Headers',
};

/**
 * A part of a request as its schema reads it.
 * @param part fastify's name: `body`, `querystring`, `params` or `headers`
 * @throws SightlineError REQUEST_INVALID that names every wrong value
 */
export function parsePart<T extends z.ZodType>(schema: T, data: unknown, part: string): z.output<T> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const problems = new Set(result.error.issues.flatMap((issue) => describeIssue(issue, data, schema)));
  throw new SightlineError('REQUEST_INVALID', `${partNames[part] ?? part}: ${[...problems].join('; ')}.`);
}

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
