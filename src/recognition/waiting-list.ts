/** Something that waits for a worker. */
export interface Waiting {
  /** Useless when begun later than this, in ms of `performance.now()`; Infinity for one that somebody waits for. */
  readonly deadline: number;
}

/**
 * A finite list of faces that wait for a worker. Of live video only the newest faces matter: they go first, and when
 * the list is full the oldest makes room. Entries without a deadline are requests that somebody waits for: they go
 * before all others, oldest first, and are never displaced.
 */
export class WaitingList<T extends Waiting> {
  readonly #limit: number;
  /** Oldest first. */
  #entries: T[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Adds an entry. Gives back the one that found no room: the oldest with a deadline, or the new one itself. */
  add(entry: T): T | undefined {
    this.#entries.push(entry);
    if (this.#entries.length <= this.#limit) return undefined;
    const oldest = this.#entries.findIndex(({ deadline }) => deadline !== Infinity);
    return this.#entries.splice(oldest, 1)[0];
  }

  /** Takes out the entries that are next, `most` of them at most, the first one first. */
  takeNext(most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most && this.#entries.length > 0) {
      const urgent = this.#entries.findIndex(({ deadline }) => deadline === Infinity);
      taken.push(...this.#entries.splice(urgent, 1));
    }
    return taken;
  }

  /** Takes out the entries whose deadline has passed at `now`. */
  takeExpired(now: number): T[] {
    const expired = this.#entries.filter(({ deadline }) => deadline < now);
    if (expired.length > 0) this.#entries = this.#entries.filter(({ deadline }) => deadline >= now);
    return expired;
  }

  /** Takes out everything. */
  takeAll(): T[] {
    return this.#entries.splice(0);
  }
}
