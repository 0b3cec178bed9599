/** Something that waits for a worker. */
export interface Waiting {
  /** Useless when begun later than this, in ms of `performance.now()`; Infinity for one that somebody waits for. */
  readonly deadline: number;
}

/** Batches of live faces that go before one of requests when both wait. */
const liveBatchesInARow = 4;

/**
 * What waits for a worker, in two lists. Faces of live video have a deadline and a limit: only the newest matter, so
 * they go newest first, and when their list is full the oldest makes room. Entries without a deadline are requests that
 * somebody waits for: they go oldest first, and whoever makes them bounds their number. Live faces go first; so that
 * requests never starve, one batch of them goes after every four of live faces. Neither displaces the other.
 */
export class WaitingList<T extends Waiting> {
  readonly #limit: number;
  /** Oldest first, both. */
  #live: T[] = [];
  readonly #requests: T[] = [];
  /** Batches of live faces taken while a request waited. */
  #liveBatches = 0;

  /** @param limit of live faces */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.length + this.#requests.length;
  }

  /** Adds an entry. Gives back the live face that found no room: the oldest. */
  add(entry: T): T | undefined {
    if (entry.deadline === Infinity) {
      this.#requests.push(entry);
      return undefined;
    }
    this.#live.push(entry);
    return this.#live.length > this.#limit ? this.#live.shift() : undefined;
  }

  /** Takes out the entries that are next, `most` of them at most and all of one kind, the first one first. */
  takeNext(most: number): T[] {
    const requestsWait = this.#requests.length > 0;
    const requestsTurn = this.#live.length === 0 || this.#liveBatches >= liveBatchesInARow;
    if (requestsWait && requestsTurn) {
      this.#liveBatches = 0;
      return this.#requests.splice(0, most);
    }
    this.#liveBatches = requestsWait ? this.#liveBatches + 1 : 0;
    return this.#live.splice(-most).reverse();
  }

  /** Takes out the entries whose deadline has passed at `now`. */
  takeExpired(now: number): T[] {
    const expired = this.#live.filter(({ deadline }) => deadline < now);
    if (expired.length > 0) this.#live = this.#live.filter(({ deadline }) => deadline >= now);
    return expired;
  }

  /** Takes out everything. */
  takeAll(): T[] {
    return [...this.#requests.splice(0), ...this.#live.splice(0)];
  }
}
