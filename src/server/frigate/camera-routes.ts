import { z } from 'zod';
import type { CameraStatus } from '../../pipeline/camera.js';
import type { Api } from '../api.js';
import { variantFor } from '../live/picture-feed.js';
import { binary } from '../openapi.js';
import { numeric } from '../query.js';
import { requireCamera } from '../require-camera.js';
import type { ServerContext } from '../server-options.js';
import { frigateErrors } from './frigate-error.js';
import { addStatsRoute } from './stats-route.js';

const tags = ['frigate'];
const config = { role: 'viewer' } as const;
/** Of the width that a camera's pictures may be asked for. */
const [leastWidth, mostWidth] = [16, 7680];

const height = numeric(1, 4320)
  .int()
  .optional()
  .describe('Of the picture in pixels; never more than the camera’s.');
const latestQuery = z.object({
  height,
  h: height.describe('As `height`, which goes first.'),
  bbox: numeric(0, 1).int().default(0).describe('1 draws boxes and names.'),
});

/** What Frigate’s clients ask beside faces. Parameters of `latest.jpg` that are not here change nothing. */
export function addFrigateCameraRoutes(app: Api, context: ServerContext): void {
  const { cameras } = context.services;

  app.get(
    '/:camera/latest.jpg',
    {
      config,
      schema: {
        tags,
        summary: 'The newest picture of a camera; waits up to 3 s for the first one',
        params: z.object({ camera: z.string() }),
        querystring: latestQuery,
        response: { 200: binary('A picture.', 'image/jpeg'), ...frigateErrors },
      },
    },
    async ({ params, query }, reply) => {
      const camera = requireCamera(cameras, params.camera);
      const status = camera.status();
      const width = widthAt(query.height ?? query.h, status);
      const { jpeg } = await camera.latest(variantFor({ width, overlay: query.bbox === 1 }, status));
      return reply.type('image/jpeg').send(jpeg);
    },
  );

  app.get(
    '/version',
    {
      config,
      schema: {
        tags,
        summary: 'Sightline’s version',
        response: { 200: binary('The version alone.', 'text/plain'), ...frigateErrors },
      },
    },
    (_request, reply) => reply.type('text/plain').send(context.version),
  );

  addStatsRoute(app, context);
}

/** The width at which a camera's picture is so high; null for its own, also while that is not known. */
function widthAt(
  pictureHeight: number | undefined,
  { width, height }: Pick<CameraStatus, 'width' | 'height'>,
): number | null {
  if (pictureHeight === undefined || width === null || height === null) return null;
  return Math.min(mostWidth, Math.max(leastWidth, Math.round((pictureHeight * width) / height)));
}
