import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import { binary } from '../openapi.js';
import type { People } from '../services.js';
import { compreFaceErrors } from './compreface-error.js';
import { exampleParams } from './example.js';

const tags = ['compreface'];
const response = {
  200: binary('The stored part of the photo; empty for an unknown id, as CompreFace does.', 'image/jpeg'),
  ...compreFaceErrors,
};

/** The pictures of examples, with the key in a header or, for `<img>`, in the address. */
export function addExampleImageRoutes(app: Api, people: People): void {
  app.get(
    '/recognition/faces/:image_id/img',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'The picture of an example', params: exampleParams, response },
    },
    ({ params }, reply) => sendPicture(reply, people, params.image_id),
  );

  app.get(
    '/static/:api_key/images/:image_id',
    {
      config: { role: 'viewer', tokenParam: 'api_key' },
      schema: {
        tags,
        summary: 'The picture of an example, with the token in the address',
        params: exampleParams.extend({ api_key: z.string() }),
        response,
      },
    },
    ({ params }, reply) => sendPicture(reply, people, params.image_id),
  );
}

async function sendPicture(reply: FastifyReply, people: People, imageId: string): Promise<FastifyReply> {
  const jpeg = await people.photoPicture(imageId).catch((error: unknown) => {
    if (error instanceof SightlineError && error.code === 'PHOTO_UNKNOWN') return Buffer.alloc(0);
    throw error;
  });
  return reply.type('image/jpeg').send(jpeg);
}
