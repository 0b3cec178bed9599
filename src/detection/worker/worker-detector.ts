import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Image } from '../../core/image.js';
// Switches telemetry off for the thread, which cannot do it itself.
import '../../models/onnx-runtime.js';
import { workerUrl } from '../../core/worker-url.js';
import { isYuv, pixelBytes } from '../../core/yuv.js';
import { InferencePool, type Outcome } from '../../inference/inference-pool.js';
import { detectorOf } from '../create-detector.js';
import { requireWholeImage, type FaceDetector, type VideoSearch } from '../face-detector.js';
import type { DetectReply, DetectTask, DetectWorkerData, SearchTask } from './detect-protocol.js';

export interface WorkerDetectorOptions extends DetectWorkerData {
  /** A picture that takes longer has hung the thread, which is then ended and replaced. */
  readonly timeoutMs: number;
}

/** A detector that runs in a thread of its own, so that the main loop only pays for a copy of each frame. */
export class WorkerDetector implements FaceDetector {
  readonly kind: string;
  readonly #pool: InferencePool<DetectTask, DetectReply>;
  readonly #memory = new PictureMemory();
  /** Settles when all pictures so far are searched: they are in the order in which they came. Never rejects. */
  #latest: Promise<unknown> = Promise.resolve();
  #videos = 0;

  constructor({ timeoutMs, ...workerData }: WorkerDetectorOptions) {
    this.kind = detectorOf(workerData.choice);
    this.#pool = new InferencePool({
      entry: workerUrl('detect'),
      workerData,
      threads: 1,
      batchLimit: 1,
      // No picture has a deadline: whoever sends them waits for the answer before sending the next.
      queueLimit: 0,
      timeoutMs,
    });
  }

  /** @throws SightlineError DETECTOR_FAILED, MODEL_… when the networks cannot be had */
  detect(image: Image): Promise<Detection[]> {
    return this.#search(image, null);
  }

  video(): VideoSearch {
    const id = this.#videos++;
    return {
      detect: (image, expected, timeMs) => this.#search(image, { id, expected, timeMs }),
      // A thread that is lost has forgotten the video too.
      end: () => void this.#run({ ended: id }),
    };
  }

  /** Lets the thread finish the pictures that it was given. May be called again. */
  async close(): Promise<void> {
    await this.#latest;
    await this.#pool.close();
  }

  async #search(image: Image, video: SearchTask['video']): Promise<Detection[]> {
    requireWholeImage(image);
    const copy = this.#memory.copyOf(image);
    const outcome = await this.#run({ image: copy, video });
    // A thread that is lost may still be reading.
    if (outcome.status !== 'answered') throw notSearched(outcome);
    this.#memory.release(copy);
    const { reply } = outcome;
    if (reply.kind === 'found') return [...reply.detections];
    throw new SightlineError(reply.error.code, reply.error.message);
  }

  #run(task: DetectTask): Promise<Outcome<DetectReply>> {
    const outcome = this.#pool.run(task);
    this.#latest = outcome;
    return outcome;
  }
}

/** One camera's frames need one buffer; a second serves another size of picture. */
const mostKept = 2;
/** A 4K frame in RGB fits into this. What a larger picture needed is not kept. */
const mostKeptBytes = 32 << 20;

/**
 * Memory that the thread shares, for copies of pictures. It is used again: fresh memory for each frame costs several times
 * as much as the copying, and as much again to collect.
 */
class PictureMemory {
  /** Smallest first. */
  readonly #free: SharedArrayBuffer[] = [];

  /** A copy to be released; a frame has more on it than a picture. */
  copyOf(image: Image): SearchTask['image'] {
    const { width, height } = image;
    const byteLength = pixelBytes(image);
    const data = new Uint8Array(this.#take(byteLength), 0, byteLength);
    data.set(image.data.subarray(0, byteLength));
    return isYuv(image) ? { width, height, data, matrix: image.matrix } : { width, height, data };
  }

  /** Nobody reads the copy any more. */
  release({ data: { buffer } }: SearchTask['image']): void {
    if (buffer.byteLength > mostKeptBytes) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > mostKept) this.#free.shift();
  }

  #take(byteLength: number): SharedArrayBuffer {
    const index = this.#free.findIndex((buffer) => buffer.byteLength >= byteLength);
    const [buffer] = index === -1 ? [] : this.#free.splice(index, 1);
    return buffer ?? new SharedArrayBuffer(byteLength);
  }
}

function notSearched(outcome: Exclude<Outcome<DetectReply>, { status: 'answered' }>): SightlineError {
  if (outcome.status === 'dropped') {
    return new SightlineError('DETECTOR_FAILED', 'The detector was closed before it searched the picture.');
  }
  const { error } = outcome;
  const reason = error instanceof Error ? error.message : String(error);
  return new SightlineError('DETECTOR_FAILED', `The detector's thread was lost: ${reason}`);
}
