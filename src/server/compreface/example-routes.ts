import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { GalleryPhoto } from '../../core/people-store.js';
import type { Api } from '../api.js';
import { numeric } from '../query.js';
import type { People } from '../services.js';
import { compreFaceErrors } from './compreface-error.js';
import { exampleParams, exampleSchema, type Example } from './example.js';
import { pageOfExamples } from './example-page.js';

const tags = ['compreface'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
/** As Spring Data, on which CompreFace's pages are built. */
const mostOnPage = 2000;
/** Ids in one request to delete. */
const mostDeleted = 1000;

const subject = z.string().optional().describe('Only examples of this subject.');
const listQuery = z.object({
  page: numeric(0, 1e9).int().default(0).describe('Counted from 0.'),
  size: numeric(1, mostOnPage).int().default(20).describe('Examples a page.'),
  subject,
});
const pageSchema = z.object({
  faces: z.array(exampleSchema),
  page_number: z.int(),
  page_size: z.int(),
  total_pages: z.int(),
  total_elements: z.int(),
});

/** `/recognition/faces` but for pictures: an example is an enrolled photo. */
export function addExampleRoutes(app: Api, people: People): void {
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
        summary: 'Removes several examples; unknown ids are passed over',
        body: z.array(z.string()).max(mostDeleted).meta({ description: 'Ids of examples.' }),
        response: { 200: z.array(exampleSchema).describe('Those removed.'), ...compreFaceErrors },
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

async function remove(people: People, { id, personId }: GalleryPhoto): Promise<Example> {
  const { name } = await people.get(personId);
  await people.removePhoto(id);
  return { image_id: id, subject: name };
}

/** How many were removed; none for an unknown subject. */
async function removeAll(people: People, subject: string | undefined): Promise<number> {
  const whose = subject === undefined ? await people.list() : [await people.find(subject)];
  let removed = 0;
  for (const person of whose) {
    const photos = person === undefined ? [] : await people.photos(person.id);
    for (const { id } of photos) await people.removePhoto(id);
    removed += photos.length;
  }
  return removed;
}

async function knownPhoto(people: People, id: string): Promise<GalleryPhoto | undefined> {
  try {
    return await people.photo(id);
  } catch (error) {
    if (error instanceof SightlineError && error.code === 'PHOTO_UNKNOWN') return undefined;
    throw error;
  }
}
