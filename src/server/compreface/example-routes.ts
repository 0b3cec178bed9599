import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { GalleryPerson, GalleryPhoto } from '../../core/people-store.js';
import type { Api } from '../api.js';
import { binary } from '../openapi.js';
import { numeric } from '../query.js';
import type { PeopleService, PictureService } from '../../services/services.js';
import { picture } from '../uploads/picture.js';
import { warningsField, withWarnings } from '../v1/person-views.js';
import { compreFaceErrors } from './compreface-error.js';
import { detectFaces } from './faces.js';
import { thresholdQuery } from './options.js';

/** An enrolled photo as CompreFace lists it. */
const exampleSchema = z.object({
  image_id: z.string().describe('The photo’s id, which is the same under /v1.'),
  subject: z.string(),
});

type Example = z.output<typeof exampleSchema>;

/** CompreFace's own answer has no place for warnings; its clients pass over a field they do not know. */
const savedSchema = exampleSchema.extend(warningsField);

export const exampleParams = z.object({ image_id: z.string() });

const tags = ['compreface'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
/** The limit of Spring Data, on which CompreFace's paging is built. */
const maxOnPage = 2000;
/** Maximum number of ids in one request to delete. */
const maxDeleted = 1000;

const subject = z.string().optional().describe('Only examples of this subject.');
const listQuery = z.object({
  page: numeric(0, 1e9).int().default(0).describe('Counted from 0.'),
  size: numeric(1, maxOnPage).int().default(20).describe('Examples per page.'),
  subject,
});
const pageSchema = z.object({
  faces: z.array(exampleSchema),
  page_number: z.int(),
  page_size: z.int(),
  total_pages: z.int(),
  total_elements: z.int(),
});

/** `/recognition/faces`: listing and removing examples. An example is an enrolled photo. */
export function addExampleRoutes(app: Api, people: PeopleService): void {
  app.get(
    '/recognition/faces',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'The saved examples, in pages',
        querystring: listQuery,
        response: { 200: pageSchema, ...compreFaceErrors },
      },
    },
    ({ query }) => pageOfExamples(people, query),
  );

  app.delete(
    '/recognition/faces',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Removes all examples of a subject, or of everybody; the subjects stay',
        querystring: z.object({ subject }),
        response: { 200: z.object({ deleted: z.int() }), ...compreFaceErrors },
      },
    },
    async ({ query }) => ({ deleted: await removeAll(people, query.subject) }),
  );

  app.delete(
    '/recognition/faces/:image_id',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Removes an example; its subject stays',
        params: exampleParams,
        response: { 200: exampleSchema, ...compreFaceErrors },
      },
    },
    async ({ params }) => remove(people, await people.photo(params.image_id)),
  );

  app.post(
    '/recognition/faces/delete',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Removes several examples; unknown ids are ignored',
        body: z.array(z.string()).max(maxDeleted).meta({ description: 'Ids of examples.' }),
        response: { 200: z.array(exampleSchema).describe('The removed examples.'), ...compreFaceErrors },
      },
    },
    async ({ body }) => {
      const removed: Example[] = [];
      for (const id of new Set(body)) {
        const photo = await knownPhoto(people, id);
        if (photo !== undefined) removed.push(await remove(people, photo));
      }
      return removed;
    },
  );
}

async function remove(people: PeopleService, { id, personId }: GalleryPhoto): Promise<Example> {
  const { name } = await people.get(personId);
  await people.removePhoto(id);
  return { image_id: id, subject: name };
}

/** Returns how many were removed; 0 for an unknown subject. */
async function removeAll(people: PeopleService, subject: string | undefined): Promise<number> {
  let removed = 0;
  for (const person of await peopleOf(people, subject)) {
    const photos = await people.photos(person.id);
    for (const { id } of photos) await people.removePhoto(id);
    removed += photos.length;
  }
  return removed;
}

async function knownPhoto(people: PeopleService, id: string): Promise<GalleryPhoto | undefined> {
  try {
    return await people.photo(id);
  } catch (error) {
    if (error instanceof SightlineError && error.code === 'PHOTO_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A page of examples, sorted by the name of their subject and then by age, oldest first. */
async function pageOfExamples(
  people: PeopleService,
  { page, size, subject }: z.output<typeof listQuery>,
): Promise<z.output<typeof pageSchema>> {
  const whose = await peopleOf(people, subject);
  const total = whose.reduce((sum, { faces }) => sum + faces, 0);
  return {
    faces: await examplesBetween(people, whose, page * size, (page + 1) * size),
    page_number: page,
    page_size: size,
    total_pages: Math.ceil(total / size),
    total_elements: total,
  };
}

/** The person of that name, if there is one; everybody without a name. */
async function peopleOf(
  people: PeopleService,
  subject: string | undefined,
): Promise<readonly GalleryPerson[]> {
  if (subject === undefined) return people.list();
  const person = await people.find(subject);
  return person === undefined ? [] : [person];
}

/** The examples in a range of the whole list. Reads only the photos of people in that range. */
async function examplesBetween(
  people: PeopleService,
  whose: readonly GalleryPerson[],
  start: number,
  end: number,
): Promise<Example[]> {
  const found: Example[] = [];
  let first = 0;
  for (const { id, name, faces } of whose) {
    const [from, to] = [Math.max(start - first, 0), Math.min(end - first, faces)];
    first += faces;
    if (from >= to) continue;
    const photos = await people.photos(id);
    found.push(...photos.slice(from, to).map((photo) => ({ image_id: photo.id, subject: name })));
  }
  return found;
}

/** The name of the photo in Sightline's lists; CompreFace's clients send no useful one. */
const photoName = 'CompreFace';

/** `POST /recognition/faces`: enrols a photo. */
export function addExampleRoute(app: Api, people: PeopleService, pictures: PictureService): void {
  app.post(
    '/recognition/faces',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags,
        summary: 'Saves an example of a subject, who is added if the name is new',
        querystring: z.object({ subject: z.string(), ...thresholdQuery }),
        body: z.object({ file: picture }),
        response: { 201: savedSchema, ...compreFaceErrors },
      },
    },
    async ({ body, query }, reply) => {
      if (query.det_prob_threshold > 0) await detectFaces(pictures, body.file, { limit: 0, ...query });
      const { person, face, warnings } = await people.enroll(query.subject, body.file, photoName);
      return reply.code(201).send({ image_id: face.id, subject: person.name, ...withWarnings(warnings) });
    },
  );
}

const pictureResponse = {
  200: binary('The stored part of the photo; empty for an unknown id, as in CompreFace.', 'image/jpeg'),
  ...compreFaceErrors,
};

/** The pictures of examples, with the key in a header or, for `<img>`, in the URL. */
export function addExampleImageRoutes(app: Api, people: PeopleService): void {
  app.get(
    '/recognition/faces/:image_id/img',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The picture of an example',
        params: exampleParams,
        response: pictureResponse,
      },
    },
    ({ params }, reply) => sendPicture(reply, people, params.image_id),
  );

  app.get(
    '/static/:api_key/images/:image_id',
    {
      config: { role: 'viewer', tokenParam: 'api_key' },
      schema: {
        tags,
        summary: 'The picture of an example, with the token in the URL',
        params: exampleParams.extend({ api_key: z.string() }),
        response: pictureResponse,
      },
    },
    ({ params }, reply) => {
      // Made for <img> on pages of other origins; whoever knows the address has the token.
      reply.header('cross-origin-resource-policy', 'cross-origin');
      return sendPicture(reply, people, params.image_id);
    },
  );
}

async function sendPicture(
  reply: FastifyReply,
  people: PeopleService,
  imageId: string,
): Promise<FastifyReply> {
  const jpeg = await people.photoPicture(imageId).catch((error: unknown) => {
    if (error instanceof SightlineError && error.code === 'PHOTO_NOT_FOUND') return Buffer.alloc(0);
    throw error;
  });
  return reply.type('image/jpeg').send(jpeg);
}
