import { z } from 'zod';
import type { CameraStatus } from '../../pipeline/camera.js';
import type { Api } from '../api.js';
import type { ServerContext } from '../server-options.js';
import { frigateErrors } from './frigate-error.js';

const figures = z.object({
  camera_fps: z.number().describe('Frames decoded a second.'),
  process_fps: z.number().describe('Frames searched for faces a second.'),
  skipped_fps: z.number().describe('Frames a second that were shown without being searched.'),
  detection_fps: z.number().describe('Searches for faces a second.'),
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

/** `/stats`: of Frigate's figures those that Sightline has. */
export function addStatsRoute(
  app: Api,
  { services, version }: Pick<ServerContext, 'services' | 'version'>,
): void {
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

/** As in Frigate, what is processed and what is skipped make what the camera gives; the meters may differ a little. */
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
