import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import type { GalleryPerson } from '../../core/people-store.js';
import type { Api } from '../api.js';
import type { PeopleService } from '../../services/services.js';
import { warningsField, withWarnings, type WarningView } from '../v1/person-views.js';
import { compreFaceErrors } from './compreface-error.js';

const tags = ['compreface'];
const subjectSchema = z.object({ subject: z.string().describe('The name of a person.') });
const operator = { role: 'operator' } as const;

/** `/recognition/subjects`: a subject is a person. */
export function addSubjectRoutes(app: Api, people: PeopleService): void {
  app.get(
    '/recognition/subjects',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The name of every subject',
        response: { 200: z.object({ subjects: z.array(z.string()) }), ...compreFaceErrors },
      },
    },
    async () => ({ subjects: (await people.list()).map(({ name }) => name) }),
  );

  app.post(
    '/recognition/subjects',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Adds a subject without an example',
        body: subjectSchema,
        response: { 201: subjectSchema.extend(warningsField), ...compreFaceErrors },
      },
    },
    async ({ body }, reply) => {
      const person = await people.create(body.subject);
      const warnings = await people.nameWarnings(person);
      return reply.code(201).send({ subject: person.name, ...withWarnings(warnings) });
    },
  );

  app.put(
    '/recognition/subjects/:subject',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Renames a subject; if the new name exists already, the two are merged',
        params: subjectSchema,
        body: subjectSchema,
        response: { 200: z.object({ updated: z.boolean(), ...warningsField }), ...compreFaceErrors },
      },
    },
    ({ params, body }) => renameSubject(people, params.subject, body.subject),
  );

  app.delete(
    '/recognition/subjects/:subject',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Erases a subject and all their examples',
        params: subjectSchema,
        response: { 200: subjectSchema, ...compreFaceErrors },
      },
    },
    async ({ params }) => {
      const { id, name } = await findSubject(people, params.subject);
      await people.erase(id);
      return { subject: name };
    },
  );

  app.delete(
    '/recognition/subjects',
    {
      config: operator,
      schema: {
        tags,
        summary: 'Erases every subject',
        response: { 200: z.object({ deleted: z.int() }), ...compreFaceErrors },
      },
    },
    async () => {
      const everybody = await people.list();
      for (const { id } of everybody) await people.erase(id);
      return { deleted: everybody.length };
    },
  );
}

/** Renames or merges. `updated`: whether anything changed. */
async function renameSubject(
  people: PeopleService,
  from: string,
  to: string,
): Promise<{ updated: boolean; warnings?: WarningView[] }> {
  const person = await findSubject(people, from);
  if (person.name === to) return { updated: false };
  const other = await people.find(to);
  if (other !== undefined && other.id !== person.id) {
    await people.merge(person.id, other.id);
    return { updated: true };
  }
  const renamed = await people.rename(person.id, to);
  return { updated: true, ...withWarnings(await people.nameWarnings(renamed)) };
}

/** @throws SightlineError PERSON_NOT_FOUND, PERSON_NAME_INVALID */
async function findSubject(people: PeopleService, subject: string): Promise<GalleryPerson> {
  const person = await people.find(subject);
  if (person !== undefined) return person;
  throw new SightlineError('PERSON_NOT_FOUND', `There is no subject named ${quote(subject)}.`);
}
