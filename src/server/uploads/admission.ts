import { SightlineError } from '../../core/errors.js';

/** Share of the newest upload in the mean of how long they take. */
const newestShare = 0.2;

/** Lets so many uploads in at a time. An upload counts before its body is read, so that memory is bounded. */
export class Admission {
  readonly #limit: number;
  #inHand = 0;
  #meanMs = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a place.
   * @returns gives it back; only the first call counts
   * @throws SightlineError BUSY, with `retryAfterSeconds` from how long uploads took lately
   */
  enter(): () => void {
    if (this.#inHand >= this.#limit) throw this.#busy();
    this.#inHand++;
    const enteredAt = performance.now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inHand--;
      this.#meanMs += newestShare * (performance.now() - enteredAt - this.#meanMs);
    };
  }

  #busy(): SightlineError {
    return new SightlineError(
      'BUSY',
      `Expected at most ${this.#limit} uploads at a time but received one more.`,
      { retryAfterSeconds: Math.max(1, Math.ceil(this.#meanMs / 1000)) },
    );
  }
}
