import { z } from 'zod';
import type { Api } from '../api.js';
import { binary, problems } from '../openapi.js';
import { eventId, eventsQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import { eventPage, keptEvent } from './event-page.js';
import { eventSchema } from './event-schema.js';

const tags = ['events'];
const idParams = z.object({ id: z.string() });
/** Events are sent as they are kept, also those of another version, of which the schema does not know. */
const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

const rejection = z
  .strictObject({
    person: z.string().optional().describe('Id of who it is not; whom the event names when left out.'),
  })
  .nullish();

const pageSchema = z.object({
  events: z.array(eventSchema).readonly(),
  next: z.string().nullable().describe('`cursor` of the next page; null when that was all.'),
  newest: eventId.describe(
    'The last event there is, to go on from with `since`; use that of the first page.',
  ),
});

/** `/v1/events` and what lies below it. */
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
    ({ query }) => eventPage(events, query),
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
    async ({ params }) => keptEvent(await events.get(params.id)),
  );

  app.get(
    '/v1/events/:id/snapshot.jpg',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The face that an event tells of',
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
        summary: 'Say that the face of an event is not who it was taken for',
        params: idParams,
        body: rejection,
        response: {
          200: z.object({ crops: z.int().describe('Crops that will be remembered as somebody else.') }),
          ...problems,
        },
      },
    },
    async ({ params, body }) => ({ crops: await events.reject(params.id, body?.person) }),
  );
}
