/**
 * Tells when the pictures for viewers were taken, from those for analysis, which are taken when they arrive: the former
 * may have waited in a pipe. One for each run of ffmpeg, whose clock begins anew.
 */
export class StreamClock {
  /** What to add to a time of presentation for one of `performance.now()`. */
  #offsetMs: number | undefined;

  /** A picture for analysis arrives. @returns when it was taken, on the clock of `performance.now()`: now */
  arrived(presentedAt: number): number {
    const now = performance.now();
    this.#offsetMs = now - presentedAt;
    return now;
  }

  /** When a picture for viewers was taken, on the clock of `performance.now()`. */
  takenAt(presentedAt: number): number {
    const now = performance.now();
    return this.#offsetMs === undefined ? now : Math.min(now, presentedAt + this.#offsetMs);
  }
}
