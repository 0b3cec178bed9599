/** How much the newest gap counts: after a change of pace three searches are enough to follow it. */
const newestWeight = 0.5;
/** A longer gap is a pause in the video and says nothing about the pace of the searches. */
const longestMs = 4000;

/** The interval at which frames of one camera are searched at present, as a moving average. */
export class SearchInterval {
  #ms = 0;
  #lastAt: number | undefined;

  /** In ms; 0 until two frames were searched. */
  get ms(): number {
    return this.#ms;
  }

  /** Adds a search. @param timeMs on any one clock; a time that is not after the last one is ignored */
  add(timeMs: number): void {
    const gapMs = timeMs - (this.#lastAt ?? timeMs);
    this.#lastAt = Math.max(timeMs, this.#lastAt ?? timeMs);
    if (!(gapMs > 0)) return;
    const boundedMs = Math.min(gapMs, longestMs);
    this.#ms = this.#ms === 0 ? boundedMs : this.#ms + newestWeight * (boundedMs - this.#ms);
  }
}
