import { z } from 'zod';
import { numeric } from '../query.js';

/** `true`, `false` and what means the same; the default is text, as in a query. */
function flag(byDefault: 'true' | 'false') {
  return z.stringbool().prefault(byDefault);
}

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
const status = flag('false').describe('Whether to return `execution_time` and `plugins_versions`.');
const detectFaces = flag('true').describe(
  '`false` takes the whole picture for one face, which the client has cut out; it is not searched.',
);
const predictionCount = numeric(-1, 1000)
  .int()
  .refine((count) => count !== 0, 'expected 1 or more, or -1 for all')
  .default(1)
  .describe('Maximum number of subjects per face, the most similar ones; -1 for all.');

/** `?det_prob_threshold=` */
export const thresholdQuery = { det_prob_threshold: threshold };
/** The query of routes that search for faces. Unknown parameters are ignored, as in CompreFace. */
export const detectQuery = z.object({ limit, ...thresholdQuery, face_plugins: plugins, status });
/** The query of routes that compare faces. */
export const faceQuery = detectQuery.extend({ detect_faces: detectFaces });
/** `faceQuery` plus the number of subjects to return. */
export const recognizeQuery = faceQuery.extend({ prediction_count: predictionCount });

export type FaceQuery = z.output<typeof faceQuery>;

const mergeable = Object.keys(recognizeQuery.shape);
/** Clients send these empty for their default. Never `subject`: without one, the examples of everybody are removed. */
const emptied = new Set([...mergeable, 'page', 'size']);
const stray = new RegExp(`\\?(${mergeable.join('|')})=`);

/**
 * Leaves out options without a value, and repairs a query of CompreFace's JavaScript client: without `limit` the client joins options with `?`, so that
 * `?face_plugins=landmarks?status=true` means two options.
 */
export function repairQuery(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const options = Object.entries(query).flatMap(([key, value]): [string, unknown][] => {
    if (typeof value !== 'string') return [[key, value]];
    const [own, ...rest] = value.split(stray);
    const more = rest.flatMap((name, index): [string, unknown][] =>
      index % 2 === 0 ? [[name, rest[index + 1]]] : [],
    );
    return [[key, own], ...more];
  });
  return Object.fromEntries(options.filter(([key, value]) => value !== '' || !emptied.has(key)));
}

/** Whether this plugin is among the requested ones. */
export function asksFor(plugin: string, { face_plugins }: Pick<FaceQuery, 'face_plugins'>): boolean {
  return face_plugins.split(',').some((slug) => slug.trim() === plugin);
}
