import type { Box, Point } from '../core/geometry.js';
import { ConstantVelocityFilter } from '../core/kalman.js';
import type { TrackerOptions } from './options.js';

/** The face size of a box in pixels, the unit for its noise and motion: the square root of its area. */
export function sizeOf(box: Box): number {
  return Math.sqrt(Math.max(1, box.width) * Math.max(1, box.height));
}

/** Position and motion of one face: one Kalman filter each for the centre's x and y, the width and the height. */
export class BoxMotion {
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
