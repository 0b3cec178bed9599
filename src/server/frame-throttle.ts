/** How early, in parts of the interval, a frame may come and still count as the next: cameras are not exact. */
const TOLERANCE = 0.25;
const MS_PER_SECOND = 1000;

/** Lets through at most so many frames a second, spread evenly. */
export class FrameThrottle {
  readonly #intervalMs: number;
  #dueMs = -Infinity;

  /** @param framesPerSecond null lets every frame through */
  constructor(framesPerSecond: number | null) {
    this.#intervalMs = framesPerSecond === null ? 0 : MS_PER_SECOND / framesPerSecond;
  }

  /** Whether the frame at this moment of a monotonic clock passes. */
  admits(nowMs: number): boolean {
    if (nowMs < this.#dueMs - TOLERANCE * this.#intervalMs) return false;
    // From the time it was due, so that the average rate is exact; from now after a gap, so that it never bursts.
    this.#dueMs = Math.max(this.#dueMs, nowMs - this.#intervalMs) + this.#intervalMs;
    return true;
  }
}
