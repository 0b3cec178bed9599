import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import type { Api } from '../api.js';
import type { PeopleService, PictureService, Services } from '../../services/services.js';
import { picture } from '../uploads/picture.js';
import { frigateErrors, outcomeSchema, succeeded } from './frigate-error.js';

const tags = ['frigate'];
const operator = { role: 'operator' } as const;
const upload = { role: 'operator', pictures: ['file'] } as const;
const params = z.object({ name: z.string() });
const fileBody = z.object({ file: picture });
const outcome = { 200: outcomeSchema, ...frigateErrors };
/** The name of the photo in Sightline's lists. */
const photoName = 'Frigate';

/** `/faces`: a face in Frigate is a person here, and its images are the person's photos. */
export function addFrigateFaceRoutes(
  app: Api,
  { people, pictures }: Pick<Services, 'people' | 'pictures'>,
): void {
  app.get(
    '/faces',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The ids of the photos of each person, by name',
        response: { 200: z.record(z.string(), z.array(z.string())), ...frigateErrors },
      },
    },
    () => photosByName(people),
  );

  app.post(
    '/faces/:name/create',
    {
      config: operator,
      schema: { tags, summary: 'Adds a person, unless the name exists', params, response: outcome },
    },
    async ({ params: { name } }) => {
      const known = await people.find(name);
      if (known !== undefined) return succeeded(`${known.name} already exists.`);
      const { name: created } = await people.create(name);
      return succeeded(`${created} was added.`);
    },
  );

  app.post(
    '/faces/:name/register',
    {
      config: upload,
      schema: {
        tags,
        summary: 'Enrols a photo of a person, who is added if the name is new',
        params,
        body: fileBody,
        response: outcome,
      },
    },
    async ({ params: { name }, body }) => {
      const { person, added } = await people.enroll(name, body.file, photoName);
      return succeeded(
        added ? `The photo of ${person.name} was added.` : `${person.name} already has this photo.`,
      );
    },
  );

  app.post(
    '/faces/:name/delete',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Removes photos of a person; the person stays',
        params,
        body: z.object({ ids: z.array(z.string()).min(1).max(1000) }),
        response: outcome,
      },
    },
    async ({ params: { name }, body: { ids } }) => {
      const removed = await removePhotos(people, name, new Set(ids));
      return succeeded(`Photos removed: ${removed}.`);
    },
  );

  app.post(
    '/faces/recognize',
    {
      config: upload,
      schema: {
        tags,
        summary: 'Who the largest face of a picture is',
        body: fileBody,
        response: {
          200: z.object({
            success: z.literal(true),
            score: z.number().describe('0 to 1: probability that the face is the nearest person’s.'),
            face_name: z.string().describe('`unknown` for a face that Sightline does not name.'),
          }),
          ...frigateErrors,
        },
      },
    },
    ({ body }) => recognize(pictures, body.file),
  );
}

async function photosByName(people: PeopleService): Promise<Record<string, string[]>> {
  const names: [string, string[]][] = [];
  for (const { id, name } of await people.list())
    names.push([name, (await people.photos(id)).map((photo) => photo.id)]);
  return Object.fromEntries(names);
}

/** Removes all of the photos or, if one is not of that person, none. */
async function removePhotos(people: PeopleService, name: string, ids: ReadonlySet<string>): Promise<number> {
  const person = await people.find(name);
  if (person === undefined)
    throw new SightlineError('PERSON_NOT_FOUND', `There is no person named ${quote(name)}.`);
  const own = new Set((await people.photos(person.id)).map(({ id }) => id));
  const stray = [...ids].find((id) => !own.has(id));
  if (stray !== undefined)
    throw new SightlineError('PHOTO_NOT_FOUND', `${person.name} has no photo with the id ${quote(stray)}.`);
  for (const id of ids) await people.removePhoto(id);
  return ids.size;
}

async function recognize(pictures: PictureService, file: Buffer) {
  const [face] = (await pictures.read(file, 1)).faces;
  if (face === undefined) throw new SightlineError('FACE_NOT_FOUND', 'No face was found in the picture.');
  const { person, distance } = await pictures.identify(face, 1);
  const score = distance === null ? 0 : pictures.similarity(distance);
  return { success: true as const, score, face_name: person?.name ?? 'unknown' };
}
