import { z } from 'zod';
import { numeric } from '../query.js';

const limit = numeric(0, Number.MAX_SAFE_INTEGER)
  .int()
  .default(0)
  .describe('At most so many faces, the largest ones; 0 for all.');
const threshold = numeric(0, 1)
  .default(0)
  .describe(
    'Faces that the detector is less sure of are left out; below its own threshold it changes nothing.',
  );
const plugins = z
  .string()
  .default('')
  .describe('Comma-separated. `landmarks` is there; any other, such as `age`, adds nothing.');
const status = z
  .stringbool()
  .default(false)
  .describe('Whether to tell of `execution_time` and `plugins_versions`.');
const predictionCount = numeric(-1, 1000)
  .int()
  .refine((count) => count !== 0, 'expected 1 or more, or -1 for all')
  .default(1)
  .describe('At most so many subjects a face, the most similar ones; -1 for all.');

/** `?det_prob_threshold=` */
export const thresholdQuery = { det_prob_threshold: threshold };
/** What every route takes that looks at faces. Parameters that it does not know are ignored, as CompreFace does. */
export const faceQuery = z.object({ limit, ...thresholdQuery, face_plugins: plugins, status });
/** As `faceQuery`, and how many subjects to tell of. */
export const recognizeQuery = faceQuery.extend({ prediction_count: predictionCount });

export type FaceQuery = z.output<typeof faceQuery>;

const mergeable = ['limit', 'det_prob_threshold', 'prediction_count', 'face_plugins', 'status'];
const stray = new RegExp(`\\?(${mergeable.join('|')})=`);

/**
 * A query of CompreFace's JavaScript client put right: without `limit` it joins options by `?`, so that
 * `?face_plugins=landmarks?status=true` means two of them.
 */
export function mendQuery(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([key, value]): [string, unknown][] => {
      if (typeof value !== 'string') return [[key, value]];
      const [own, ...rest] = value.split(stray);
      const options = rest.flatMap((name, index): [string, unknown][] =>
        index % 2 === 0 ? [[name, rest[index + 1]]] : [],
      );
      return [[key, own], ...options];
    }),
  );
}

/** Whether the comma-separated plugins asked for name this one. */
export function asksFor(plugin: string, { face_plugins }: Pick<FaceQuery, 'face_plugins'>): boolean {
  return face_plugins.split(',').some((slug) => slug.trim() === plugin);
}
