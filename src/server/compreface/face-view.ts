import { z } from 'zod';
import type { Detection } from '../../core/face.js';
import type { SearchedPicture } from '../services.js';
import { asksFor, type FaceQuery } from './options.js';

const executionTime = z
  .object({ detector: z.number(), calculator: z.number().optional() })
  .describe('Milliseconds for the whole picture.');

/** Told with `status=true`. */
export const pluginsVersions = z.object({ detector: z.string(), calculator: z.string().optional() });

/** A face as every route tells of it. */
export const faceSchema = z.object({
  box: z.object({
    probability: z.number(),
    x_max: z.int(),
    y_max: z.int(),
    x_min: z.int(),
    y_min: z.int(),
  }),
  landmarks: z
    .array(z.array(z.int()))
    .optional()
    .describe('[x, y] of left eye, right eye, nose, left and right corner of the mouth as seen in the picture.'),
  execution_time: executionTime.optional(),
});

export type FaceView = z.output<typeof faceSchema>;

/** How long the parts of looking at a picture took; `calculator` is left out where nothing was embedded. */
export interface Took {
  readonly detectMs: number;
  readonly embedMs?: number;
}

type Size = Pick<SearchedPicture<unknown>, 'width' | 'height'>;

/** A detection in CompreFace's form: whole pixels inside the picture. */
export function faceView(
  { box, score, landmarks }: Detection,
  { width, height }: Size,
  took: Took,
  query: FaceQuery,
): FaceView {
  const within = (value: number, end: number): number => Math.min(end, Math.max(0, Math.round(value)));
  return {
    box: {
      probability: rounded(score),
      x_max: within(box.x + box.width, width),
      y_max: within(box.y + box.height, height),
      x_min: within(box.x, width),
      y_min: within(box.y, height),
    },
    ...(asksFor('landmarks', query) && {
      landmarks: landmarks.map(({ x, y }) => [Math.round(x), Math.round(y)]),
    }),
    ...(query.status && { execution_time: timesOf(took) }),
  };
}

/** To five decimals, as CompreFace rounds probabilities and similarities. */
export function rounded(value: number): number {
  return Number(value.toFixed(5));
}

function timesOf({ detectMs, embedMs }: Took): z.output<typeof executionTime> {
  const tenths = (ms: number): number => Math.round(ms * 10) / 10;
  return {
    detector: tenths(detectMs),
    ...(embedMs !== undefined && { calculator: tenths(embedMs) }),
  };
}
