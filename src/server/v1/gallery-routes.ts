import { z } from 'zod';
import { setAsideReasons, type LookAlikes } from '../../core/people-store.js';
import type { GalleryReport } from '../../services/gallery-report.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';
import type { ServerContext } from '../server-options.js';
import { photoSchema, photoView, timeOf } from './person-views.js';

const tags = ['gallery'];
const person = z.object({ id: z.string(), name: z.string() });
const message = z.string().describe('For people to read.');

const lookAlikes = z
  .object({
    people: z.array(person).length(2),
    distance: z.number().describe('Between their nearest photos.'),
    threshold: z.number().describe('Largest distance at which one of the two may be named.'),
    createdAt: z.iso.datetime(),
    revoked: z.boolean().describe('Whether somebody took the effect from it.'),
  })
  .meta({ id: 'LookAlikes' });

const report = z
  .object({
    applied: z.boolean().describe('Whether photos were set aside and thresholds put in force.'),
    people: z.int().describe('Number of people whose photos were compared.'),
    photos: z.int().describe('Number of photos that were compared.'),
    leftOut: z
      .int()
      .describe('Photos that have no embedding of the embedder in use, and so were not compared.'),
    setAside: z
      .array(
        z.object({
          photo: photoSchema,
          person,
          reason: z.enum(setAsideReasons),
          ownDistance: z.number(),
          other: person.nullable(),
          otherDistance: z.number().nullable(),
          message,
        }),
      )
      .describe('Photos that are set aside, or would be.'),
    disagreements: z
      .array(
        z.object({
          person,
          groups: z.array(z.array(photoSchema)).describe('Photos that agree with each other.'),
          message,
        }),
      )
      .describe(
        'People whose photos show different people, when nothing says which are right. Nothing is done.',
      ),
    sameFaces: z
      .array(z.object({ people: z.array(person).length(2), distance: z.number(), message }))
      .describe('Two names with the same face. Nothing is done.'),
    lookAlikes: z
      .array(lookAlikes.pick({ people: true, distance: true, threshold: true }))
      .describe('Look-alikes that are put in force, or would be.'),
  })
  .meta({ id: 'GalleryReport' });

/** `/v1/gallery/check`, `/v1/photos/:id/restore` and `/v1/look-alikes`: whether what is enrolled is right. */
export function addGalleryRoutes(app: Api, { services }: Pick<ServerContext, 'services'>): void {
  const { gallery } = services;

  app.post(
    '/v1/gallery/check',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Find photos that do not fit their person and people who look alike; set right with `apply`',
        body: z.strictObject({
          apply: z.boolean().default(false).describe('Whether to act on what is found, or only to tell.'),
        }),
        response: { 200: report, ...problems },
      },
    },
    async ({ body }) => reportView(await gallery.check(body)),
  );

  app.post(
    '/v1/photos/:id/restore',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['photos'],
        summary: 'Have a photo count again that was set aside; it is not set aside any more',
        params: z.object({ id: z.string() }),
        response: { 200: photoSchema, ...problems },
      },
    },
    async ({ params }) => photoView(await gallery.restorePhoto(params.id)),
  );

  app.get(
    '/v1/look-alikes',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'People who look so much alike that they need a smaller distance to be named',
        response: { 200: z.object({ lookAlikes: z.array(lookAlikes) }), ...problems },
      },
    },
    async () => ({ lookAlikes: (await gallery.lookAlikes()).map(lookAlikesView) }),
  );

  app.patch(
    '/v1/look-alikes',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Take the effect from two look-alikes, or give it back',
        body: z.strictObject({
          people: z.tuple([z.string(), z.string()]).describe('Their ids, in any order.'),
          revoked: z.boolean(),
        }),
        response: { 200: z.object({ lookAlikes: z.array(lookAlikes) }), ...problems },
      },
    },
    async ({ body }) => {
      await gallery.revokeLookAlikes(body.people, body.revoked);
      return { lookAlikes: (await gallery.lookAlikes()).map(lookAlikesView) };
    },
  );
}

function lookAlikesView({ people, distance, threshold, createdAt, isRevoked }: LookAlikes) {
  return { people: [...people], distance, threshold, createdAt: timeOf(createdAt), revoked: isRevoked };
}

function reportView(found: GalleryReport): z.output<typeof report> {
  return {
    ...found,
    setAside: found.setAside.map(({ photo, ...rest }) => ({ ...rest, photo: photoView(photo) })),
    disagreements: found.disagreements.map(({ groups, ...rest }) => ({
      ...rest,
      groups: groups.map((group) => group.map(photoView)),
    })),
    sameFaces: found.sameFaces.map(({ people, ...rest }) => ({ ...rest, people: [...people] })),
    lookAlikes: found.lookAlikes.map(({ people, distance, threshold }) => ({
      people: [...people],
      distance,
      threshold,
    })),
  };
}
