import { z } from 'zod';
import type { Api } from '../api.js';
import { binary, noBody, problems } from '../openapi.js';
import { numeric } from '../query.js';
import type { ServerContext } from '../server-options.js';
import { namedSchema, namedView, nameBody, unknownSchema, unknownView } from './person-views.js';

const tags = ['unknown people'];
const numberParams = z.object({ number: numeric(1, Number.MAX_SAFE_INTEGER).int() });

/** `/v1/unknown-people` and the routes below it: unknown people. */
export function addUnknownRoutes(app: Api, { services }: Pick<ServerContext, 'services'>): void {
  const { unknownPeople } = services;

  app.get(
    '/v1/unknown-people',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'All unknown people, by number',
        response: { 200: z.object({ unknown: z.array(unknownSchema) }), ...problems },
      },
    },
    async () => ({ unknown: (await unknownPeople.list()).map(unknownView) }),
  );

  app.get(
    '/v1/unknown-people/:number',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'One unknown person',
        params: numberParams,
        response: { 200: unknownSchema, ...problems },
      },
    },
    async ({ params }) => unknownView(await unknownPeople.get(params.number)),
  );

  app.get(
    '/v1/unknown-people/:number/picture.jpg',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The best picture of an unknown person',
        params: numberParams,
        response: { 200: binary('A picture.', 'image/jpeg'), ...problems },
      },
    },
    async ({ params }, reply) => reply.type('image/jpeg').send(await unknownPeople.picture(params.number)),
  );

  app.post(
    '/v1/unknown-people/:number/name',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Name an unknown person: a new name, or that of a person; past events follow',
        params: numberParams,
        body: nameBody,
        response: { 200: namedSchema, ...problems },
      },
    },
    async ({ params, body }) => {
      const { person, warnings } = await unknownPeople.name(params.number, body.name);
      return namedView(person, warnings);
    },
  );

  app.delete(
    '/v1/unknown-people/:number',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Forget an unknown person and their pictures',
        params: numberParams,
        response: { 204: noBody('Forgotten.'), ...problems },
      },
    },
    async ({ params }, reply) => {
      await unknownPeople.dismiss(params.number);
      return reply.code(204).send(null);
    },
  );
}
