import { z } from 'zod';
import type { CameraStatus } from '../../pipeline/camera.js';
import type { Api } from '../api.js';
import { variantFor } from '../live/picture-feed.js';
import { binary } from '../openapi.js';
import { numeric, ticket } from '../query.js';
import { requireCamera } from '../../services/cameras.js';
import type { ServerContext } from '../server-options.js';
import { frigateErrors } from './frigate-error.js';

const tags = ['frigate'];
const config = { role: 'viewer' } as const;
/** Bounds of the width in which a camera's pictures can be requested. */
const [minWidth, maxWidth] = [16, 7680];

const height = numeric(1, 4320)
  .int()
  .optional()
  .describe('Height of the picture in pixels, at most the camera’s own.');
const latestQuery = z.object({
  height,
  h: height.describe('Short for `height`, which takes precedence.'),
  bbox: numeric(0, 1).int().default(0).describe('1 draws boxes and names.'),
  ticket,
});

/** Routes about cameras that Frigate's clients need. Other parameters of Frigate's `latest.jpg` are ignored. */
export function addFrigateCameraRoutes(app: Api, context: ServerContext): void {
  const { cameras } = context.services;

  app.get(
    '/:camera/latest.jpg',
    {
      config: { ...config, forPlayers: true },
      schema: {
        tags,
        summary: 'The newest picture of a camera; waits up to 8 s for the first one',
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
        response: { 200: binary('The version as plain text.', 'text/plain'), ...frigateErrors },
      },
    },
    (_request, reply) => reply.type('text/plain').send(context.version),
  );

  addStatsRoute(app, context);
}

/** The width at which a camera's picture has this height; null for its own size, or while that is not known. */
function widthAt(
  pictureHeight: number | undefined,
  { width, height }: Pick<CameraStatus, 'width' | 'height'>,
): number | null {
  if (pictureHeight === undefined || width === null || height === null) return null;
  return Math.min(maxWidth, Math.max(minWidth, Math.round((pictureHeight * width) / height)));
}

const figures = z.object({
  camera_fps: z.number().describe('Frames decoded per second.'),
  process_fps: z.number().describe('Frames searched for faces per second.'),
  skipped_fps: z.number().describe('Frames per second that were shown without being searched.'),
  detection_fps: z.number().describe('Searches for faces per second.'),
});

type Figures = z.output<typeof figures>;

const statsSchema = figures.extend({
  cameras: z.record(z.string(), figures),
  service: z.object({
    uptime: z.int().describe('Seconds.'),
    version: z.string(),
    last_updated: z.int().describe('Seconds since the epoch.'),
  }),
});

/** `/stats`: those of Frigate's figures that Sightline has. */
function addStatsRoute(app: Api, { services, version }: Pick<ServerContext, 'services' | 'version'>): void {
  app.get(
    '/stats',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['frigate'],
        summary: 'How fast cameras are read and searched',
        response: { 200: statsSchema, ...frigateErrors },
      },
    },
    () => {
      const statuses = services.cameras.list().map((camera) => camera.status());
      const cameras = statuses.map((status): [string, Figures] => [status.id, figuresOf(status)]);
      return {
        ...sum(cameras.map(([, each]) => each)),
        cameras: Object.fromEntries(cameras),
        service: {
          uptime: Math.floor(process.uptime()),
          version,
          last_updated: Math.floor(Date.now() / 1000),
        },
      };
    },
  );
}

/** Processed and skipped frames add up to the camera's rate, as in Frigate; the two meters may differ slightly. */
function figuresOf({ framesPerSecond, detectionsPerSecond }: CameraStatus): Figures {
  const searched = Math.min(framesPerSecond, detectionsPerSecond);
  return {
    camera_fps: tenths(framesPerSecond),
    process_fps: tenths(searched),
    skipped_fps: tenths(framesPerSecond - searched),
    detection_fps: tenths(detectionsPerSecond),
  };
}

function sum(all: readonly Figures[]): Figures {
  const total = (key: keyof Figures): number => tenths(all.reduce((before, each) => before + each[key], 0));
  return {
    camera_fps: total('camera_fps'),
    process_fps: total('process_fps'),
    skipped_fps: total('skipped_fps'),
    detection_fps: total('detection_fps'),
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
