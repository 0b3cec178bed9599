import { z } from 'zod';
import type { Api } from '../api.js';
import type { People, Pictures } from '../services.js';
import { picture } from '../uploads/picture.js';
import { compreFaceErrors } from './compreface-error.js';
import { exampleSchema } from './example.js';
import { thresholdQuery } from './options.js';
import { detectFaces } from './search-picture.js';

/** What the photo is called where Sightline lists it: CompreFace's clients send no name worth keeping. */
const photoName = 'CompreFace';

/** Enrols a photo. */
export function addExampleRoute(app: Api, people: People, pictures: Pictures): void {
  app.post(
    '/recognition/faces',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags: ['compreface'],
        summary: 'Saves an example of a subject, who is made when there is none of that name',
        querystring: z.object({ subject: z.string(), ...thresholdQuery }),
        body: z.object({ file: picture }),
        response: { 201: exampleSchema, ...compreFaceErrors },
      },
    },
    async ({ body, query }, reply) => {
      if (query.det_prob_threshold > 0) await detectFaces(pictures, body.file, { limit: 0, ...query });
      const { person, face } = await people.enroll(query.subject, body.file, photoName);
      return reply.code(201).send({ image_id: face.id, subject: person.name });
    },
  );
}
