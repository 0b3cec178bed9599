import type { Detection } from '../../../src/core/face.js';
import { centre, type Box } from '../../../src/core/geometry.js';

/** A repeatable source of random numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  }

  /** Normal with mean 0. */
  normal(deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.between(0, 1)));
    return deviation * radius * Math.cos(this.between(0, 2 * Math.PI));
  }
}

export function face(x: number, y: number, width = 100): Box {
  return { x: x - width / 2, y: y - width * 0.6, width, height: width * 1.2 };
}

export function detect(box: Box): Detection {
  const middle = centre(box);
  return { box, score: 0.9, landmarks: [middle, middle, middle, middle, middle] };
}

/** What a detector would say of a face: its box with every number off by `deviation` widths. */
export function noisy(box: Box, random: Random, deviation = 0.02): Detection {
  const off = () => random.normal(deviation * box.width);
  const width = box.width + off();
  const height = box.height + off();
  const { x, y } = centre(box);
  return detect({ x: x + off() - width / 2, y: y + off() - height / 2, width, height });
}

/** Irregular times of detection in ms, about `perSecond` of them a second. */
export function* detectionTimes(random: Random, perSecond: number, untilMs: number): Generator<number> {
  for (let time = 0; time < untilMs; time += (1000 / perSecond) * random.between(0.7, 1.3)) yield time;
}
