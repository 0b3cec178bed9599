import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { errorCatalogue, type ErrorCode } from '../../core/errors.js';
import type { CameraStatus, Picture } from '../../pipeline/camera.js';
import type { Caller } from '../access/caller.js';
import { reasonFor } from '../access/camera-reason.js';
import type { Api } from '../api.js';
import type { Heartbeat } from '../live/heartbeat.js';
import { streamMjpeg, variantFor } from '../live/picture-feed.js';
import { binary, problems } from '../openapi.js';
import { pictureQuery, streamQuery, ticket } from '../query.js';
import { requireCamera } from '../../services/cameras.js';
import type { ServerContext } from '../server-options.js';

export const idParams = z.object({ id: z.string() });
const tags = ['cameras'];

export const cameraView = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(['connecting', 'online', 'offline', 'ended', 'failed']),
    since: z.iso.datetime().describe('When `state` last changed.'),
    source: z.string().describe('The URL, without user name and password.'),
    error: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe('`message` has addresses and what the camera answered for operators and admins only.'),
    width: z.int().nullable(),
    height: z.int().nullable(),
    framesPerSecond: z
      .number()
      .describe(
        'Frames that ffmpeg decodes a second, at most the camera’s `fps`; how many of them are taken for analysis is `analysis.fps`. 0 while nobody needs the large stream of a camera with `detectUrl`.',
      ),
    detectionsPerSecond: z.number().describe('Frames searched for faces a second.'),
    searching: z
      .enum(['active', 'still', 'idle'])
      .describe(
        'How often it is searched for faces: as often as possible, twice a second while faces are in view but nothing moves, or every three seconds while there is neither.',
      ),
    overloaded: z
      .object({
        code: z.enum(['FRAMES_LATE', 'SEARCHES_WAIT', 'SEARCHES_SLOW']),
        message: z.string(),
        remedy: z.string(),
      })
      .nullable()
      .describe('Why it is searched less than once a second; null if it is not overloaded.'),
    hints: z
      .array(
        z.object({
          code: z.enum(['RATE_TOO_LOW', 'PICTURE_TURNED']),
          message: z.string(),
          remedy: z.string(),
        }),
      )
      .describe('What could be set up better about the camera.'),
    frames: z
      .int()
      .describe(
        'Frames that ffmpeg decoded since the camera was set up or the program started, counted twice a second.',
      ),
    dropped: z.object({ pool: z.int(), encode: z.int(), search: z.int(), idle: z.int(), unmatched: z.int() }),
    detector: z.string(),
    faces: z.int().describe('Faces in view now.'),
  })
  .meta({ id: 'Camera' });

/** `GET /v1/cameras` and the routes below it: the cameras, their state and their pictures. */
export function addCameraRoutes(app: Api, context: ServerContext, heartbeat: Heartbeat): void {
  const { cameras } = context.services;

  app.get(
    '/v1/cameras',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'All cameras and their state',
        response: { 200: z.object({ cameras: z.array(cameraView) }), ...problems },
      },
    },
    ({ caller }) => ({ cameras: cameras.list().map((camera) => viewOf(camera.status(), caller)) }),
  );

  app.get(
    '/v1/cameras/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'The state of a camera',
        params: idParams,
        response: { 200: cameraView, ...problems },
      },
    },
    ({ params, caller }) => viewOf(requireCamera(cameras, params.id).status(), caller),
  );

  app.get(
    '/v1/cameras/:id/latest.jpg',
    {
      config: { role: 'viewer', forPlayers: true },
      schema: {
        tags,
        summary: 'The newest picture; waits up to 8 s for the first one',
        params: idParams,
        querystring: pictureQuery.extend({ ticket }),
        response: { 200: binary('A picture.', 'image/jpeg'), ...problems },
      },
    },
    async (request, reply) => {
      const camera = requireCamera(cameras, request.params.id);
      return sendPicture(reply, await camera.latest(variantFor(request.query, camera.status())));
    },
  );

  app.get(
    '/v1/cameras/:id/stream.mjpeg',
    {
      // HEAD of an endless stream would never end either.
      exposeHeadRoute: false,
      config: { role: 'viewer', forPlayers: true },
      schema: {
        tags,
        summary: 'An endless stream of pictures, each a part with Content-Length',
        params: idParams,
        querystring: streamQuery.extend({ ticket }),
        response: { 200: binary('Pictures.', 'multipart/x-mixed-replace'), ...problems },
      },
    },
    (request, reply) => {
      const camera = requireCamera(cameras, request.params.id);
      streamMjpeg(reply, camera, request.query, heartbeat, context);
    },
  );
}

/** A camera's status as the API shows it to a caller, with times in ISO 8601. */
export function viewOf(status: CameraStatus, { role }: Caller) {
  const { since, error, overloaded, hints } = status;
  return {
    ...status,
    since: new Date(since).toISOString(),
    error: error && reasonFor(role, error),
    overloaded: overloaded && withRemedy(overloaded),
    hints: hints.map(withRemedy),
  };
}

function withRemedy<T extends { readonly code: ErrorCode }>(reason: T): T & { readonly remedy: string } {
  return { ...reason, remedy: errorCatalogue[reason.code].remedy };
}

function sendPicture(reply: FastifyReply, { jpeg, sequence, capturedAt }: Picture): FastifyReply {
  return reply
    .headers({
      'x-sequence': String(sequence),
      'x-captured-at': new Date(capturedAt).toISOString(),
    })
    .type('image/jpeg')
    .send(jpeg);
}
