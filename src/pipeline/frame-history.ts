import type { Frame } from '../core/image.js';

/** The newest frames of a stream, to look up the one taken nearest to a moment. */
export class FrameHistory {
  readonly #size: number;
  readonly #maxDistanceMs: number;
  /** Oldest first. */
  readonly #frames: Frame[] = [];

  /** @param maxDistanceMs a frame taken further than this from the wanted moment does not match */
  constructor(size: number, maxDistanceMs: number) {
    this.#size = size;
    this.#maxDistanceMs = maxDistanceMs;
  }

  /** Keeps the frame until `size` newer ones have arrived. */
  push(frame: Frame): void {
    frame.retain();
    this.#frames.push(frame);
    if (this.#frames.length > this.#size) this.#frames.shift()?.release();
  }

  /** The frame taken nearest to a moment on the monotonic clock; undefined when none was near enough. */
  nearest(monotonicMs: number): Frame | undefined {
    const distance = (frame: Frame): number => Math.abs(frame.capturedMonotonic - monotonicMs);
    const [first, ...others] = this.#frames;
    if (first === undefined) return undefined;
    const best = others.reduce((near, frame) => (distance(frame) <= distance(near) ? frame : near), first);
    return distance(best) <= this.#maxDistanceMs ? best : undefined;
  }

  /** Releases every frame. */
  clear(): void {
    for (const frame of this.#frames.splice(0)) frame.release();
  }
}
