const FIRST_CEILING_MS = 500;
const LAST_CEILING_MS = 15_000;

/**
 * How long to wait before the next attempt: anything up to a ceiling that doubles with each failure ("full jitter"), so
 * that clients which lost the server together do not come back together.
 * Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds. */
  next(): number {
    const ceilingMs = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * ceilingMs;
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
