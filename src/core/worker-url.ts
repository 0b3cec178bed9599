/** The entries of worker threads: files of workers/, without their ending. */
export type WorkerName = 'detect' | 'embed' | 'heic' | 'rewrite' | 'search';

/** This file runs from src/ (tests, which use the built workers) or from dist/src/ (installed). */
const builtWorkers = import.meta.url.endsWith('.ts') ? '../../dist/workers/' : '../../workers/';

/** The built entry of a worker thread. */
export function workerUrl(name: WorkerName): URL {
  return new URL(`${builtWorkers}${name}.js`, import.meta.url);
}
