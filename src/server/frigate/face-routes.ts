import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import type { GalleryPerson } from '../../core/people-store.js';
import type { Api } from '../api.js';
import type { PeopleService, Services } from '../../services/services.js';
import { picture } from '../uploads/picture.js';
import { enrolled, frigateErrors, outcomeSchema, succeeded } from './frigate-error.js';
import { recognised, recognize } from './recognize.js';
import { recentStrangers } from './train-routes.js';

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
  { people, pictures, events }: Pick<Services, 'people' | 'pictures' | 'events'>,
): void {
  app.get(
    '/faces',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The ids of the photos of each person, by name; `train`: ids of events about strangers',
        response: { 200: z.record(z.string(), z.array(z.string())), ...frigateErrors },
      },
    },
    async (_request, reply) => {
      const names = [...(await recentStrangers(events)), ...(await photosByName(people))];
      // Not the serializer of the schema, which leaves out a person called `__proto__`.
      return reply.type('application/json').serializer(JSON.stringify).send(Object.fromEntries(names));
    },
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
      const created = await people.create(name);
      return succeeded(`${created.name} was added.`, await people.nameWarnings(created));
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
    async ({ params: { name }, body }) => enrolled(await people.enroll(name, body.file, photoName)),
  );

  app.post(
    '/faces/:name/delete',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Removes photos of a person; with all of them, the person is erased',
        params,
        body: z.object({ ids: z.array(z.string()).max(1000) }),
        response: outcome,
      },
    },
    async ({ params: { name }, body: { ids } }) =>
      succeeded(await removePhotos(people, await personNamed(people, name), new Set(ids))),
  );

  app.put(
    '/faces/:name/rename',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Gives a person another name',
        params,
        body: z.object({ new_name: z.string() }),
        response: outcome,
      },
    },
    async ({ params: { name }, body: { new_name } }) => {
      const { id } = await personNamed(people, name);
      const renamed = await people.rename(id, new_name);
      return succeeded(`${name} is called ${renamed.name} now.`, await people.nameWarnings(renamed));
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
        response: { 200: recognised, ...frigateErrors },
      },
    },
    ({ body }) => recognize(pictures, body.file),
  );
}

async function photosByName(people: PeopleService): Promise<[string, string[]][]> {
  const names: [string, string[]][] = [];
  for (const { id, name } of await people.list())
    names.push([name, (await people.photos(id)).map((photo) => photo.id)]);
  return names;
}

/** @throws SightlineError PERSON_NOT_FOUND */
async function personNamed(people: PeopleService, name: string): Promise<GalleryPerson> {
  const person = await people.find(name);
  if (person !== undefined) return person;
  throw new SightlineError('PERSON_NOT_FOUND', `There is no person named ${quote(name)}.`);
}

/**
 * Removes all of the photos or, if one is not of that person, none. Without photos the person is gone, as in Frigate.
 * @returns what happened
 */
async function removePhotos(
  people: PeopleService,
  person: GalleryPerson,
  ids: ReadonlySet<string>,
): Promise<string> {
  const own = new Set((await people.photos(person.id)).map(({ id }) => id));
  const stray = [...ids].find((id) => !own.has(id));
  if (stray !== undefined)
    throw new SightlineError('PHOTO_NOT_FOUND', `${person.name} has no photo with the id ${quote(stray)}.`);
  if (ids.size === own.size) {
    await people.erase(person.id);
    return `${person.name} was erased, with ${ids.size} photos.`;
  }
  if (ids.size === 0) throw new SightlineError('REQUEST_INVALID', 'Body: expected ids but received none.');
  for (const id of ids) await people.removePhoto(id);
  return `Photos removed: ${ids.size}.`;
}
