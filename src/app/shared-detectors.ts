import { createDetector, networksOf, type DetectorChoice } from '../detection/create-detector.js';
import { WorkerDetector } from '../detection/worker/worker-detector.js';
import type { ModelStore } from '../models/model-store.js';
import type { Logger } from '../observability/logger.js';
import { DetectionScheduler } from '../pipeline/detection-scheduler.js';
import type { SearchPlace } from '../pipeline/face-stage.js';

/** Far more than any detector needs for a picture, its loading included. */
const detectorTimeoutMs = 30_000;

export interface SharedDetectorsOptions {
  readonly models: ModelStore;
  readonly modelsDir: string;
  readonly log: Logger;
}

/** Part of the main loop's time that searches may take; the rest is for video, events and requests. */
const mainLoopShare = 0.6;

/** Where a camera's frames are searched: `main` for the main loop, `worker` for a thread. */
export type DetectorThread = 'main' | 'worker';

/** A detector in use. */
export interface DetectorLease extends SearchPlace {
  readonly thread: DetectorThread;
  /** To be called once; closes the detector when nobody else uses it. */
  giveBack(): Promise<void>;
}

interface Shared {
  readonly place: Promise<SearchPlace>;
  users: number;
}

/** Cameras with the same settings share a detector: what it keeps from frame to frame, it keeps by camera. */
export class SharedDetectors {
  readonly #options: SharedDetectorsOptions;
  readonly #shared = new Map<string, Shared>();
  /** All detectors on the main loop take turns with each other; a thread has a scheduler of its own. */
  readonly #mainLoop = new DetectionScheduler({ place: 'the main loop', share: mainLoopShare });

  constructor(options: SharedDetectorsOptions) {
    this.#options = options;
  }

  /** @throws SightlineError MODEL_… when its networks cannot be had */
  async borrow(
    { kind, range, threshold, minFaceSize }: DetectorChoice,
    thread: DetectorThread,
  ): Promise<DetectorLease> {
    const choice = { kind, range, threshold, minFaceSize };
    const key = JSON.stringify({ ...choice, thread });
    const create = (): Promise<SearchPlace> =>
      thread === 'main' ? this.#createHere(choice) : this.#createInThread(choice);
    const shared = this.#shared.get(key) ?? { place: create(), users: 0 };
    this.#shared.set(key, shared);
    shared.users += 1;
    try {
      const place = await shared.place;
      const giveBack = (): Promise<void> =>
        this.#leave(key, shared) ? place.detector.close() : Promise.resolve();
      return { ...place, thread, giveBack };
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

  async #createHere(choice: DetectorChoice): Promise<SearchPlace> {
    const { models, log } = this.#options;
    const detector = await createDetector(choice, models, (line) =>
      log.debug({ mediapipe: line }, 'MediaPipe'),
    );
    return { detector, scheduler: this.#mainLoop };
  }

  async #createInThread(choice: DetectorChoice): Promise<SearchPlace> {
    const { models, modelsDir } = this.#options;
    await models.ensure(networksOf(choice));
    const detector = new WorkerDetector({
      choice,
      modelsDir,
      background: false,
      timeoutMs: detectorTimeoutMs,
    });
    return { detector, scheduler: new DetectionScheduler({ place: 'a detector thread', share: 1 }) };
  }
}
