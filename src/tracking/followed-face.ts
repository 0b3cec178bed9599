import type { Detection, Track } from '../core/face.js';
import type { Box, Point } from '../core/geometry.js';
import { ConstantVelocityFilter } from '../core/kalman.js';
import type { TrackerOptions } from './options.js';

/** What the tracker needs to know about a track to pair it with a detection. */
export interface Candidate {
  /** Where the face is expected now, in pixels. */
  readonly box: Box;
  /** Seconds since it was last seen. */
  readonly unseenSeconds: number;
}

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

  /** Whether the face was hidden for so long that its track has ended. */
  isGone(timeMs: number): boolean {
    const patienceMs = this.isConfirmed ? this.#options.maxHiddenMs : this.#options.maxTentativeGapMs;
    return timeMs - this.#lastSeenAt > patienceMs;
  }

  /** Updates the track with the detection that was assigned to it. */
  see(detection: Detection, timeMs: number): void {
    this.#motion.correct(detection.box, timeMs);
    this.#detection = detection;
    this.#lastSeenAt = timeMs;
    this.#hits += 1;
  }

  /** Records that no detection was assigned to the track. */
  miss(): void {
    this.#detection = undefined;
  }

  candidate(timeMs: number): Candidate {
    return { box: this.#motion.at(timeMs), unseenSeconds: (timeMs - this.#lastSeenAt) / 1000 };
  }

  /** The track after the last update. */
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

  /** The predicted track at a time when no detection ran. */
  prediction(timeMs: number): Track {
    return { ...this.track(timeMs), detection: undefined };
  }

  /** The track in its last seen state, for when it ends. */
  farewell(): Track {
    return { ...this.prediction(this.#lastSeenAt), state: 'lost' };
  }

  #state(): Track['state'] {
    if (!this.isConfirmed) return 'tentative';
    return this.#detection ? 'confirmed' : 'lost';
  }
}

/** The face size of a box in pixels, the unit for its noise and motion: the square root of its area. */
export function sizeOf(box: Box): number {
  return Math.sqrt(Math.max(1, box.width) * Math.max(1, box.height));
}

/** Position and motion of one face: one Kalman filter each for the centre's x and y, the width and the height. */
class BoxMotion {
  readonly #options: TrackerOptions;
  readonly #centre: readonly [x: ConstantVelocityFilter, y: ConstantVelocityFilter];
  readonly #sides: readonly [width: ConstantVelocityFilter, height: ConstantVelocityFilter];
  #size: number;
  #timeMs: number;

  constructor(box: Box, timeMs: number, options: TrackerOptions) {
    this.#options = options;
    this.#size = sizeOf(box);
    this.#timeMs = timeMs;
    const start = (position: number, speed: number) =>
      new ConstantVelocityFilter(position, this.#variance(options.measurementNoise), this.#variance(speed));
    this.#centre = [
      start(box.x + box.width / 2, options.initialSpeed),
      start(box.y + box.height / 2, options.initialSpeed),
    ];
    // Faces change their size far more slowly than they move across the picture.
    this.#sides = [start(box.width, options.initialSpeed / 4), start(box.height, options.initialSpeed / 4)];
  }

  /** In pixels per second. */
  get velocity(): Point {
    return { x: this.#centre[0].velocity, y: this.#centre[1].velocity };
  }

  /** The box at a time at or after the last correction; its size does not change in between. */
  at(timeMs: number): Box {
    const seconds = Math.max(0, timeMs - this.#timeMs) / 1000;
    const [x, y] = this.#centre;
    const width = Math.max(1, this.#sides[0].position);
    const height = Math.max(1, this.#sides[1].position);
    return {
      x: x.position + x.velocity * seconds - width / 2,
      y: y.position + y.velocity * seconds - height / 2,
      width,
      height,
    };
  }

  /** Corrects the filters with a detected box. */
  correct(box: Box, timeMs: number): void {
    const seconds = Math.max(0, timeMs - this.#timeMs) / 1000;
    this.#timeMs = Math.max(this.#timeMs, timeMs);
    this.#correct(this.#centre, [box.x + box.width / 2, box.y + box.height / 2], seconds);
    this.#correct(this.#sides, [box.width, box.height], seconds);
    this.#size = sizeOf(box);
  }

  #correct(filters: readonly ConstantVelocityFilter[], measured: readonly number[], seconds: number): void {
    const { measurementNoise, steadyAcceleration, manoeuvreAcceleration, manoeuvreSurprise } = this.#options;
    const variance = this.#variance(measurementNoise);
    for (const [index, filter] of filters.entries()) {
      const value = measured[index]!;
      filter.predict(seconds, this.#variance(steadyAcceleration));
      if (filter.surprise(value, variance) > manoeuvreSurprise) {
        filter.addNoise(seconds, this.#variance(manoeuvreAcceleration));
      }
      filter.correct(value, variance);
    }
  }

  /** The variance in pixels for a standard deviation in face sizes. */
  #variance(deviation: number): number {
    return (deviation * this.#size) ** 2;
  }
}
