import type { RemoteError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import type { DetectorChoice } from '../create-detector.js';

/** What crosses between a detector on the main loop and the worker thread (workers/detect.ts) that does its work. */

/** Given to the thread once, when it starts. */
export interface DetectWorkerData {
  readonly choice: DetectorChoice;
  readonly modelsDir: string;
  /** Whether the thread gives way to the rest of the program when there is more to do than cores; on Linux only. */
  readonly background: boolean;
}

/** What the thread is asked to do. */
export type DetectTask = SearchTask | EndTask;

/** One picture to search. Its bytes are in memory that both threads see, and must not change before the answer. */
export interface SearchTask {
  readonly image: Image & { readonly data: Uint8Array<SharedArrayBuffer> };
  /** Which video the picture is the next frame of, where known faces should be, and when; null for a picture on its own. */
  readonly video: { readonly id: number; readonly expected: readonly Box[]; readonly timeMs: number } | null;
}

/** Says which video has no more frames; the answer finds nothing. */
export interface EndTask {
  readonly ended: number;
}

export type DetectReply =
  | { readonly kind: 'found'; readonly detections: readonly Detection[] }
  | { readonly kind: 'failed'; readonly error: RemoteError };
