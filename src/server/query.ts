import { z } from 'zod';
import { eventIdPattern, firstIdAt } from '../events/event-id.js';
import { eventTypes } from '../events/identity-event.js';

/** A parameter that may be repeated; an empty list when left out. */
function several<T extends z.ZodType<unknown, string>>(item: T) {
  const listed = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item));
  return listed.default([]);
}

/** A number in a query, within inclusive bounds. */
export function numeric(min: number, max: number) {
  return z.coerce.number().min(min).max(max);
}

/** A parameter that is null when left out. It cannot be sent as null, so its schema does not say so. */
function orNull<T extends z.ZodType<unknown, unknown>>(item: T) {
  return item.optional().transform((value) => value ?? null);
}

/** The id of an event. */
export const eventId = z.string().regex(eventIdPattern, 'expected the id of an event');

const overlay = z
  .enum(['on', 'off'])
  .default('on')
  .transform((value) => value === 'on')
  .describe('Whether boxes and names are drawn.');
const width = orNull(numeric(16, 7680).int()).describe(
  "Width of the picture in pixels; the camera's own when left out or larger.",
);
const fps = orNull(numeric(0.1, 60)).describe('Maximum pictures per second; all when left out.');
const camera = several(z.string()).describe('Only events of these cameras; may be repeated.');
const type = several(z.enum(eventTypes)).describe('Only events of these types; may be repeated.');
const moment = z.iso.datetime({
  offset: true,
  error: 'expected a time with its zone, such as 2026-11-22T09:30:00Z',
});
/** An id that sorts just before what is wanted. */
const since = orNull(
  z
    .string()
    .refine(
      (text) => eventIdPattern.test(text) || moment.safeParse(text).success,
      'expected the id of an event, or a time with its zone, such as 2026-11-22T09:30:00Z',
    )
    .transform((text) => (eventIdPattern.test(text) ? text : firstIdAt(Math.max(0, Date.parse(text))))),
).describe('Only events after the one with this id, or published at or after this time.');

/** Read where requests are admitted; it is part of the schemas so that it is documented and no unknown parameter. */
export const ticket = z.string().optional().describe('From POST /v1/tickets, instead of a token.');

/** `?width=&overlay=` of one picture. */
export const pictureQuery = z.strictObject({ width, overlay });
/** `?width=&overlay=&fps=` of a stream of pictures. */
export const streamQuery = z.strictObject({ width, overlay, fps });
/** `?camera=&type=&since=` of a stream of events. */
export const eventStreamQuery = z.strictObject({ camera, type, since });
/** The query of `GET /v1/events`. */
export const eventsQuery = z.strictObject({
  camera,
  type,
  since,
  person: z
    .string()
    .optional()
    .describe('Only events about this person: an id, which may be that of an unknown person.'),
  from: moment.optional().describe('Only events at or after this time.'),
  until: moment.optional().describe('Only events before this time.'),
  order: z.enum(['newest', 'oldest']).default('newest').describe('Which events come first.'),
  limit: numeric(1, 1000).int().default(50).describe('Maximum number of events.'),
  cursor: z
    .string()
    .optional()
    .describe('`next` of the previous page; the other parameters must be the same.'),
});

export type PictureQuery = z.output<typeof pictureQuery>;
export type StreamQuery = z.output<typeof streamQuery>;
export type EventsQuery = z.output<typeof eventsQuery>;
export type EventStreamQuery = z.output<typeof eventStreamQuery>;
