import { SightlineError } from '../../core/errors.js';

/** Share of the newest upload in the mean of how long they take. */
const newestShare = 0.2;
/** Share of the places that one client may take, so that others find one. */
const clientShare = 3 / 4;

/**
 * Lets so many uploads in at a time, and fewer of one client. An upload counts before its body is read, so that memory
 * is bounded.
 */
export class Admission {
  readonly #limit: number;
  readonly #limitOfClient: number;
  /** Places taken, by client. */
  readonly #taken = new Map<string, number>();
  #inHand = 0;
  #meanMs = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#limitOfClient = Math.max(1, Math.floor(clientShare * limit));
  }

  /**
   * Takes a place.
   * @param client whose upload it is: one token, or one address without
   * @returns gives it back; only the first call counts
   * @throws SightlineError BUSY, with `retryAfterSeconds` from how long uploads took lately
   */
  enter(client: string): () => void {
    const own = this.#taken.get(client) ?? 0;
    if (this.#inHand >= this.#limit) throw this.#busy(`${this.#limit} uploads at a time`);
    if (own >= this.#limitOfClient)
      throw this.#busy(`${this.#limitOfClient} uploads of one client at a time`);
    this.#inHand++;
    this.#taken.set(client, own + 1);
    const enteredAt = performance.now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inHand--;
      this.#leave(client);
      this.#meanMs += newestShare * (performance.now() - enteredAt - this.#meanMs);
    };
  }

  #leave(client: string): void {
    const own = (this.#taken.get(client) ?? 1) - 1;
    if (own === 0) this.#taken.delete(client);
    else this.#taken.set(client, own);
  }

  #busy(most: string): SightlineError {
    return new SightlineError('BUSY', `Expected at most ${most} but received one more.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(this.#meanMs / 1000)),
    });
  }
}
