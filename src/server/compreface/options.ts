import { z } from 'zod';
import { numeric } from '../query.js';

const limit = numeric(0, Number.MAX_SAFE_INTEGER)
  .int()
  .default(0)
  .describe('Maximum number of faces, the largest ones; 0 for all.');
const threshold = numeric(0, 1)
  .default(0)
  .describe(
    'Faces with a lower score are left out; a value below the detector’s own threshold has no effect.',
  );
const plugins = z
  .string()
  .default('')
  .describe('Comma-separated. `landmarks` is supported; any other, such as `age`, is ignored.');
const status = z
  .stringbool()
  .default(false)
  .describe('Whether to return `execution_time` and `plugins_versions`.');
const predictionCount = numeric(-1, 1000)
  .int()
  .refine((count) => count !== 0, 'expected 1 or more, or -1 for all')
  .default(1)
  .describe('Maximum number of subjects per face, the most similar ones; -1 for all.');

/** `?det_prob_threshold=` */
export const thresholdQuery = { det_prob_threshold: threshold };
/** The query of all routes that look for faces. Unknown parameters are ignored, as in CompreFace. */
export const faceQuery = z.object({ limit, ...thresholdQuery, face_plugins: plugins, status });
/** `faceQuery` plus the number of subjects to return. */
export const recognizeQuery = faceQuery.extend({ prediction_count: predictionCount });

export type FaceQuery = z.output<typeof faceQuery>;

const mergeable = ['limit', 'det_prob_threshold', 'prediction_count', 'face_plugins', 'status'];
const stray = new RegExp(`\\?(${mergeable.join('|')})=`);

/**
 * Repairs a query of CompreFace's JavaScript client: without `limit` the client joins options with `?`, so that
 * `?face_plugins=landmarks?status=true` means two options.
 */
export function repairQuery(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
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

/** Whether this plugin is among the requested ones. */
export function asksFor(plugin: string, { face_plugins }: Pick<FaceQuery, 'face_plugins'>): boolean {
  return face_plugins.split(',').some((slug) => slug.trim() === plugin);
}
