import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { StoredEvent } from '../../core/event-store.js';
import { quote } from '../../core/excerpt.js';
import { firstEventId } from '../../events/event-id.js';
import { toSightlineEvent } from '../../events/kept-event.js';
import type { Caller } from '../access/caller.js';
import { eventFor } from '../access/camera-reason.js';
import type { Api } from '../api.js';
import { binary, problems } from '../openapi.js';
import { eventId, eventsQuery, type EventsQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import type { EventService } from '../../services/services.js';
import { eventSchema, type KeptEvent } from './event-schema.js';

const tags = ['events'];
const idParams = z.object({ id: z.string() });
/** Stored events are sent as they are, including those written by another version, which the schema does not describe. */
const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

const rejection = z
  .strictObject({
    person: z
      .string()
      .optional()
      .describe('Id of the person that it is not; the person in the event when left out.'),
  })
  .nullish();

const pageSchema = z.object({
  events: z.array(eventSchema).readonly(),
  next: z.string().nullable().describe('`cursor` of the next page; null on the last page.'),
  newest: eventId.describe('Id of the newest event; continue live from that of the first page with `since`.'),
  people: z
    .int()
    .describe('Grows with every change of people. Read a page again when it has: `person` may be another.'),
});

/** `/v1/events` and the routes below it. */
export function addEventRoutes(app: Api, context: Pick<ServerContext, 'services'>): void {
  const { events } = context.services;

  app.get(
    '/v1/events',
    {
      config: { role: 'viewer' },
      serializerCompiler,
      schema: {
        tags,
        summary: 'Past events, page by page',
        querystring: eventsQuery,
        response: { 200: pageSchema, ...problems },
      },
    },
    ({ query, caller }) => eventPage(events, query, caller),
  );

  app.get(
    '/v1/events/:id',
    {
      config: { role: 'viewer' },
      serializerCompiler,
      schema: {
        tags,
        summary: 'One event',
        params: idParams,
        response: { 200: eventSchema, ...problems },
      },
    },
    async ({ params, caller }) => keptEvent(await events.get(params.id), caller),
  );

  app.get(
    '/v1/events/:id/snapshot.jpg',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The face that an event is about',
        params: idParams,
        response: { 200: binary('A picture.', 'image/jpeg'), ...problems },
      },
    },
    async ({ params }, reply) => reply.type('image/jpeg').send(await events.snapshot(params.id)),
  );

  app.post(
    '/v1/events/:id/reject',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Say that the face of an event was given the wrong name',
        params: idParams,
        body: rejection,
        response: {
          200: z.object({ crops: z.int().describe('How many crops were stored as counterexamples.') }),
          ...problems,
        },
      },
    },
    async ({ params, body }) => ({ crops: await events.reject(params.id, body?.person) }),
  );
}

/** A page of stored events, with the places to continue in the past and live. */
interface EventPage {
  readonly events: readonly KeptEvent[];
  /** Null on the last page. */
  readonly next: string | null;
  readonly newest: string;
  readonly people: number;
}

/**
 * Reads a page. `newest` is the last event stored at the time of the request, whatever its type and camera, and no event
 * of the page is newer. The pages together with the live events since `newest` are complete and have no duplicates.
 */
async function eventPage(
  archive: Pick<EventService, 'query' | 'positionOf' | 'peopleRevision'>,
  query: EventsQuery,
  caller: Caller,
): Promise<EventPage> {
  const { camera, type, person, order, limit } = query;
  const last = query.cursor === undefined ? undefined : lastOfPage(query.cursor, order);
  const since = query.since === null ? undefined : await archive.positionOf(query.since);
  // Before the events: a name that changes meanwhile is told at the next look.
  const people = await archive.peopleRevision();
  const [newest] = await archive.query({ order: 'newest first', limit: 1 });
  const found = await archive.query({
    since: momentOf(query.from),
    until: momentOf(query.until),
    cameraIds: camera,
    types: type,
    personId: person,
    after: (order === 'oldest' ? last : undefined) ?? since,
    before: order === 'newest' ? last : undefined,
    upTo: newest?.position ?? 0,
    order: `${order} first`,
    limit: limit + 1,
  });
  const events = found.slice(0, limit);
  const next = found.length > limit ? cursorAfter(events.at(-1)?.position ?? 0, order) : null;
  return {
    events: events.map((event) => keptEvent(event, caller)),
    next,
    newest: newest?.id ?? firstEventId,
    people,
  };
}

function keptEvent(event: StoredEvent, { role }: Caller): KeptEvent {
  return { ...eventFor(role, toSightlineEvent(event)), person: event.person };
}

function momentOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** The cursor after an event. Events stored in the meantime do not affect it. */
function cursorAfter(position: number, order: EventsQuery['order']): string {
  return Buffer.from(`${order} ${position}`).toString('base64url');
}

/** The position in a cursor. @throws SightlineError REQUEST_INVALID for anything but a cursor of this order */
function lastOfPage(cursor: string, order: EventsQuery['order']): number {
  const [ofOrder, position = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (ofOrder === order && /^\d{1,15}$/.test(position)) return Number(position);
  throw new SightlineError(
    'REQUEST_INVALID',
    `Query: cursor: expected \`next\` of a page in the same order, but received ${quote(cursor)}.`,
  );
}
