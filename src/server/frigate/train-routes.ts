import { z } from 'zod';
import type { Api } from '../api.js';
import type { EventService, Services } from '../../services/services.js';
import { enrolled, frigateErrors, outcomeSchema } from './frigate-error.js';
import { recognised, recognize } from './recognize.js';

const tags = ['frigate'];
const config = { role: 'operator' } as const;
/** Frigate keeps as many pictures to train on. */
const most = 100;
const body = z.object({ training_file: z.string().describe('The id of an event that tells of a face.') });

/** Frigate's pictures to train on are faces that it saw, which here are those that events tell of. */
export function addFrigateTrainRoutes(
  app: Api,
  { people, pictures, events }: Pick<Services, 'people' | 'pictures' | 'events'>,
): void {
  app.post(
    '/faces/train/:name/classify',
    {
      config,
      schema: {
        tags,
        summary: 'Enrols the face of an event as a photo of a person, who is added if the name is new',
        params: z.object({ name: z.string() }),
        body,
        response: { 200: outcomeSchema, ...frigateErrors },
      },
    },
    async ({ params, body: { training_file: event } }) => {
      // Nobody is added for an event that has no face.
      await events.snapshot(event);
      const known = await people.find(params.name);
      const person = known ?? (await people.create(params.name));
      const aboutName = known ? [] : await people.nameWarnings(person);
      const enrolment = await people.enrollFromEvent(person.id, event);
      return enrolled({ ...enrolment, warnings: [...enrolment.warnings, ...aboutName] });
    },
  );

  app.post(
    '/faces/reprocess',
    {
      config,
      schema: {
        tags,
        summary: 'Who the face of an event is by the people of today',
        body,
        response: { 200: recognised.extend({ message: z.string() }), ...frigateErrors },
      },
    },
    async ({ body: { training_file: event } }) => {
      const answer = await recognize(pictures, await events.snapshot(event));
      return { ...answer, message: `The face is ${answer.face_name}.` };
    },
  );
}

/** The newest events about strangers, newest first, under the name of Frigate's folder; nothing when there are none. */
export async function recentStrangers(events: EventService): Promise<[string, string[]][]> {
  const stored = await events.query({
    types: ['sightline.identity.unknown'],
    order: 'newest first',
    limit: most,
  });
  return stored.length === 0 ? [] : [['train', stored.map(({ id }) => id)]];
}
