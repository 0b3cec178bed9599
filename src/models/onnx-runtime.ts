/**
 * The only way to ONNX Runtime; a lint rule keeps everything else from importing the library itself. Modules are
 * evaluated in the order of their imports, so that telemetry is off before the library is loaded. Code that starts a
 * thread which runs networks must import this module too, because a thread cannot switch telemetry off.
 */
import '../config/no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export { InferenceSession, Tensor };

/**
 * The options with which every ONNX Runtime session of Sightline is created.
 *
 * @param executionProvider ONNX Runtime's name for it, such as `cpu` or `cuda`
 * @param threads how many threads one run may use; one is best as soon as several sessions run at the same time
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
