import { z } from 'zod';
import type { Api } from '../api.js';
import { noBody, problems } from '../openapi.js';
import type { ServerContext } from '../server-options.js';
import { namedSchema, namedView, nameBody, personSchema, personView } from './person-views.js';

const tags = ['people'];
const idParams = z.object({ id: z.string() });

/** `/v1/people`, except for photos. */
export function addPeopleRoutes(app: Api, { services }: Pick<ServerContext, 'services'>): void {
  const { people } = services;

  app.get(
    '/v1/people',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'All people',
        response: { 200: z.object({ people: z.array(personSchema) }), ...problems },
      },
    },
    async () => ({ people: (await people.list()).map(personView) }),
  );

  app.post(
    '/v1/people',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Add a person, who is recognised as soon as they have a photo',
        body: nameBody,
        response: { 201: namedSchema, ...problems },
      },
    },
    async ({ body }, reply) => {
      const person = await people.create(body.name);
      return reply.code(201).send(namedView(person, await people.nameWarnings(person)));
    },
  );

  app.get(
    '/v1/people/:id',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'One person', params: idParams, response: { 200: personSchema, ...problems } },
    },
    async ({ params }) => personView(await people.get(params.id)),
  );

  app.patch(
    '/v1/people/:id',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Rename a person',
        params: idParams,
        body: nameBody,
        response: { 200: namedSchema, ...problems },
      },
    },
    async ({ params, body }) => {
      const person = await people.rename(params.id, body.name);
      return namedView(person, await people.nameWarnings(person));
    },
  );

  app.delete(
    '/v1/people/:id',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Erase a person for good: photos, pictures, and the name in past events',
        params: idParams,
        response: { 204: noBody('Erased.'), ...problems },
      },
    },
    async ({ params }, reply) => {
      await people.erase(params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/people/:id/merge',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Give a person the photos and events of another, who is removed',
        params: idParams,
        body: z.strictObject({ from: z.string().describe('Id of the person to remove.') }),
        response: { 200: personSchema, ...problems },
      },
    },
    async ({ params, body }) => personView(await people.merge(body.from, params.id)),
  );
}
