import type { DetectorConfig } from '../config/schema.js';
import { createDetector, networksOf, type DetectorChoice } from '../detection/create-detector.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { WorkerDetector } from '../detection/worker/worker-detector.js';
import type { ModelStore } from '../models/model-store.js';
import type { Logger } from '../observability/logger.js';

/** Far more than any detector needs for a picture, its loading included. */
const detectorTimeoutMs = 30_000;

export interface SharedDetectorsOptions {
  readonly models: ModelStore;
  readonly modelsDir: string;
  readonly log: Logger;
}

/** A detector in use. */
export interface DetectorLease {
  readonly detector: FaceDetector;
  /** To be called once; closes the detector when nobody else uses it. */
  giveBack(): Promise<void>;
}

interface Shared {
  readonly detector: Promise<FaceDetector>;
  users: number;
}

/** Cameras with the same settings share a detector: what it keeps from frame to frame, it keeps by camera. */
export class SharedDetectors {
  readonly #options: SharedDetectorsOptions;
  readonly #shared = new Map<string, Shared>();

  constructor(options: SharedDetectorsOptions) {
    this.#options = options;
  }

  /** @throws SightlineError MODEL_… when its networks cannot be had */
  async borrow({ kind, range, threshold, minFaceSize, thread }: DetectorConfig): Promise<DetectorLease> {
    const choice = { kind, range, threshold, minFaceSize };
    const key = JSON.stringify({ ...choice, thread });
    const create = (): Promise<FaceDetector> =>
      thread === 'main' ? this.#createHere(choice) : this.#createInThread(choice);
    const shared = this.#shared.get(key) ?? { detector: create(), users: 0 };
    this.#shared.set(key, shared);
    shared.users += 1;
    try {
      const detector = await shared.detector;
      return { detector, giveBack: () => (this.#leave(key, shared) ? detector.close() : Promise.resolve()) };
    } catch (error) {
      this.#leave(key, shared);
      throw error;
    }
  }

  /** Whether that was the last user. */
  #leave(key: string, shared: Shared): boolean {
    shared.users -= 1;
    if (shared.users > 0) return false;
    this.#shared.delete(key);
    return true;
  }

  #createHere(choice: DetectorChoice): Promise<FaceDetector> {
    const { models, log } = this.#options;
    return createDetector(choice, models, (line) => log.debug({ mediapipe: line }, 'MediaPipe'));
  }

  async #createInThread(choice: DetectorChoice): Promise<FaceDetector> {
    const { models, modelsDir } = this.#options;
    await models.ensure(networksOf(choice));
    return new WorkerDetector({
      choice,
      modelsDir,
      background: false,
      timeoutMs: detectorTimeoutMs,
    });
  }
}
