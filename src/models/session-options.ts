import type { InferenceSession } from './onnx-runtime.js';

/**
 * How every ONNX Runtime session of Sightline is made.
 *
 * @param executionProvider as ONNX Runtime names it, such as `cpu` or `cuda`
 * @param threads that one run may use. One is best as soon as several sessions work at a time.
 */
export function sessionOptions({
  executionProvider = 'cpu',
  threads = 1,
}: {
  readonly executionProvider?: string;
  readonly threads?: number;
} = {}): InferenceSession.SessionOptions {
  return {
    executionProviders: [executionProvider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Errors only: warnings about optional optimisations would fill the log.
    logSeverityLevel: 3,
  };
}
