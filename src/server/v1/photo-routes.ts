import { z } from 'zod';
import type { Api } from '../api.js';
import { binary, noBody, problems } from '../openapi.js';
import { eventId, numeric } from '../query.js';
import type { ServerContext } from '../server-options.js';
import type { Services } from '../../services/services.js';
import { picture } from '../uploads/picture.js';
import {
  personSchema,
  personView,
  photoSchema,
  photoView,
  warningSchema,
  warningView,
} from './person-views.js';

const tags = ['photos'];
const idParams = z.object({ id: z.string() });

const newPhoto = z
  .strictObject({
    file: picture.optional(),
    name: z
      .string()
      .regex(/^\P{Cc}{1,200}$/u, 'expected 1 to 200 printable characters')
      .default('upload')
      .describe('A name for the photo.'),
    event: eventId
      .optional()
      .describe('Instead of a picture: the id of an event whose snapshot shows the person.'),
    unknown: numeric(1, Number.MAX_SAFE_INTEGER)
      .int()
      .optional()
      .describe('Instead of a picture: the number of the unknown person that this is.'),
  })
  .refine(
    ({ file, event, unknown }) => [file, event, unknown].filter((given) => given !== undefined).length === 1,
    'expected one of file, event and unknown',
  );

const enrolled = z.object({
  person: personSchema,
  photo: photoSchema.nullable().describe('Null for an unknown person, whose best crops have become photos.'),
  added: z.boolean().describe('False when the person already had this photo.'),
  warnings: z.array(warningSchema).describe('What speaks against the enrolment, which was carried out.'),
});

/** The photos of people: `/v1/people/:id/photos` and `/v1/photos`. */
export function addPhotoRoutes(app: Api, { services }: Pick<ServerContext, 'services'>): void {
  const { people } = services;

  app.get(
    '/v1/people/:id/photos',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The photos of a person, oldest first',
        params: idParams,
        response: { 200: z.object({ photos: z.array(photoSchema) }), ...problems },
      },
    },
    async ({ params }) => ({ photos: (await people.photos(params.id)).map(photoView) }),
  );

  app.post(
    '/v1/people/:id/photos',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags,
        summary: 'Enrol a photo: a picture, the face of an event, or all that is kept of an unknown person',
        params: idParams,
        body: newPhoto,
        response: { 200: enrolled, 201: enrolled, ...problems },
      },
    },
    async ({ params, body }, reply) => {
      const answer = await enrol(services, params.id, body);
      return reply.code(answer.added ? 201 : 200).send(answer);
    },
  );

  app.get(
    '/v1/photos/:id',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'One photo', params: idParams, response: { 200: photoSchema, ...problems } },
    },
    async ({ params }) => photoView(await people.photo(params.id)),
  );

  app.get(
    '/v1/photos/:id/picture.jpg',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The part of a photo that shows the face',
        params: idParams,
        response: { 200: binary('A picture.', 'image/jpeg'), ...problems },
      },
    },
    async ({ params }, reply) => reply.type('image/jpeg').send(await people.photoPicture(params.id)),
  );

  app.delete(
    '/v1/photos/:id',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Erase a photo; the person stays',
        params: idParams,
        response: { 204: noBody('Erased.'), ...problems },
      },
    },
    async ({ params }, reply) => {
      await people.removePhoto(params.id);
      return reply.code(204).send(null);
    },
  );
}

async function enrol(
  { people, unknownPeople }: Pick<Services, 'people' | 'unknownPeople'>,
  personId: string,
  { file, event, unknown, name }: z.output<typeof newPhoto>,
): Promise<z.output<typeof enrolled>> {
  if (unknown !== undefined) {
    const { name: known } = await people.get(personId);
    const named = await unknownPeople.name(unknown, known);
    return {
      person: personView(named.person),
      photo: null,
      added: true,
      warnings: named.warnings.map(warningView),
    };
  }
  const { person, face, added, warnings } = await (file
    ? people.addPhoto(personId, file, name)
    : people.enrollFromEvent(personId, event as string));
  return {
    person: personView(await people.get(person.id)),
    photo: photoView(face),
    added,
    warnings: warnings.map(warningView),
  };
}
