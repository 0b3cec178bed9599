import type { Detection, Track } from '../core/face.js';
import type { Candidate } from './association.js';
import { BoxMotion } from './box-motion.js';
import type { TrackerOptions } from './options.js';

/** One face that the tracker follows. */
export class FollowedFace {
  readonly id: number;
  readonly #options: TrackerOptions;
  readonly #motion: BoxMotion;
  readonly #firstSeenAt: number;
  #lastSeenAt: number;
  #hits = 1;
  #detection: Detection | undefined;

  constructor(id: number, detection: Detection, timeMs: number, options: TrackerOptions) {
    this.id = id;
    this.#options = options;
    this.#motion = new BoxMotion(detection.box, timeMs, options);
    this.#firstSeenAt = timeMs;
    this.#lastSeenAt = timeMs;
    this.#detection = detection;
  }

  get isConfirmed(): boolean {
    return this.#hits >= this.#options.minHits;
  }

  /** Whether it was out of sight for so long that it counts as gone. */
  isGone(timeMs: number): boolean {
    const patienceMs = this.isConfirmed ? this.#options.maxHiddenMs : this.#options.maxTentativeGapMs;
    return timeMs - this.#lastSeenAt > patienceMs;
  }

  /** Takes in the detection that belongs to this face. */
  see(detection: Detection, timeMs: number): void {
    this.#motion.correct(detection.box, timeMs);
    this.#detection = detection;
    this.#lastSeenAt = timeMs;
    this.#hits += 1;
  }

  /** Notes that no detection belonged to this face. */
  miss(): void {
    this.#detection = undefined;
  }

  candidate(timeMs: number): Candidate {
    return { box: this.#motion.at(timeMs), unseenSeconds: (timeMs - this.#lastSeenAt) / 1000 };
  }

  /** What was known after the last update. */
  track(timeMs: number): Track {
    return {
      id: this.id,
      state: this.#state(),
      box: this.#motion.at(timeMs),
      detection: this.#detection,
      hits: this.#hits,
      velocity: this.#motion.velocity,
      firstSeenAt: this.#firstSeenAt,
      lastSeenAt: this.#lastSeenAt,
    };
  }

  /** What is expected at a time when no detection ran. */
  prediction(timeMs: number): Track {
    return { ...this.track(timeMs), detection: undefined };
  }

  /** How it was when last seen, for its end. */
  farewell(): Track {
    return { ...this.prediction(this.#lastSeenAt), state: 'lost' };
  }

  #state(): Track['state'] {
    if (!this.isConfirmed) return 'tentative';
    return this.#detection ? 'confirmed' : 'lost';
  }
}
