import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CameraStatus, Picture } from '../../pipeline/camera.js';
import type { Heartbeat } from '../live/heartbeat.js';
import { streamMjpeg } from '../live/mjpeg-stream.js';
import { variantFor } from '../live/picture-feed.js';
import { parseQuery, pictureQuery, streamQuery, type Query } from '../query.js';
import { requireCamera } from '../require-camera.js';
import type { ServerContext } from '../server-options.js';

interface CameraRequest {
  Params: { id: string };
  Querystring: Query;
}

/** `/v1/cameras` and what lies below it. */
export function addCameraRoutes(app: FastifyInstance, context: ServerContext, heartbeat: Heartbeat): void {
  const { cameras } = context;

  app.get('/v1/cameras', () => ({ cameras: cameras.list().map((camera) => viewOf(camera.status())) }));

  app.get<CameraRequest>('/v1/cameras/:id', (request) =>
    viewOf(requireCamera(cameras, request.params.id).status()),
  );

  app.get<CameraRequest>('/v1/cameras/:id/latest.jpg', async (request, reply) => {
    const camera = requireCamera(cameras, request.params.id);
    const wish = parseQuery(pictureQuery, request.query);
    return sendPicture(reply, await camera.latest(variantFor(wish, camera.status())));
  });

  // A HEAD of an endless stream would have no end either.
  app.get<CameraRequest>('/v1/cameras/:id/stream.mjpeg', { exposeHeadRoute: false }, (request, reply) => {
    const camera = requireCamera(cameras, request.params.id);
    const wish = parseQuery(streamQuery, request.query);
    reply.hijack();
    streamMjpeg(reply.raw, camera, wish, heartbeat, context);
  });
}

/** A status as the API shows it: every time is ISO 8601. */
function viewOf(status: CameraStatus) {
  return { ...status, since: new Date(status.since).toISOString() };
}

function sendPicture(reply: FastifyReply, { jpeg, sequence, capturedAt }: Picture): FastifyReply {
  return reply
    .headers({
      'cache-control': 'no-store',
      'x-sequence': sequence,
      'x-captured-at': new Date(capturedAt).toISOString(),
    })
    .type('image/jpeg')
    .send(jpeg);
}
