import { Piscina } from 'piscina';
import type { DetectReply, DetectTask, SearchTask } from '../../core/detect-protocol.js';
import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { RgbImage } from '../../core/image.js';
// Switches telemetry off for the thread, which cannot do it itself.
import '../../models/onnx-runtime.js';
import type { DetectorChoice } from '../create-detector.js';
import { requireWholeImage, type FaceDetector, type VideoSearch } from '../face-detector.js';

/** Given to the thread once, when it starts. */
export interface DetectWorkerData {
  readonly choice: DetectorChoice;
  readonly modelsDir: string;
  /** Whether the thread gives way to the rest of the program when there is more to do than cores; on Linux only. */
  readonly background: boolean;
}

export interface WorkerDetectorOptions extends DetectWorkerData {
  /** The built worker, dist/workers/detect.js. */
  readonly workerFile: URL;
  /** A picture that takes longer has hung the thread, which is then ended and replaced. */
  readonly timeoutMs: number;
}

/** A detector that runs in a thread of its own, so that the main loop only pays for a copy of each frame. */
export class WorkerDetector implements FaceDetector {
  readonly kind: string;
  readonly #thread: Piscina<DetectTask, DetectReply>;
  readonly #timeoutMs: number;
  #videos = 0;

  constructor({ workerFile, timeoutMs, ...workerData }: WorkerDetectorOptions) {
    this.kind = workerData.choice.kind;
    this.#timeoutMs = timeoutMs;
    this.#thread = new Piscina<DetectTask, DetectReply>({
      filename: workerFile.href,
      workerData,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      // Its waiting on shared memory would stop timers and promises of the worker.
      atomics: 'disabled',
    });
    // A thread that ends between tasks is replaced; without a listener the error would end the process.
    this.#thread.on('error', () => undefined);
  }

  /** @throws SightlineError DETECTOR_FAILED, MODEL_… when the networks cannot be had */
  detect(image: RgbImage): Promise<Detection[]> {
    return this.#run(image, null);
  }

  video(): VideoSearch {
    const id = this.#videos++;
    return {
      detect: (image, expected) => this.#run(image, { id, expected }),
      // A thread that is lost has forgotten the video too.
      end: () => void this.#thread.run({ ended: id }).catch(() => undefined),
    };
  }

  /** Lets the thread finish the picture in hand, and loading: to end it inside ONNX Runtime would end the process. */
  async close(): Promise<void> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    await this.#thread.run({ ended: null }, { signal }).catch(() => undefined);
    await this.#thread.close();
  }

  async #run(image: RgbImage, video: SearchTask['video']): Promise<Detection[]> {
    requireWholeImage(image);
    const { width, height } = image;
    const data = new Uint8Array(image.data.subarray(0, width * height * 3));
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const reply = await this.#thread
      .run({ width, height, data, video }, { transferList: [data.buffer], signal })
      .catch((error: unknown) => {
        const reason = signal.aborted ? `no answer within ${this.#timeoutMs} ms` : String(error);
        throw new SightlineError('DETECTOR_FAILED', `The detector's thread was lost: ${reason}`);
      });
    if (reply.kind === 'found') return [...reply.detections];
    throw new SightlineError(reply.error.code, reply.error.message);
  }
}
