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
    // Counted from when it was due, so that the rate is right on average; from now after a gap, so that it never bursts.
    const isAfterGap = nowMs - this.#dueMs > this.#intervalMs;
    this.#dueMs = (isAfterGap ? nowMs : this.#dueMs) + this.#intervalMs;
    return true;
  }
}
