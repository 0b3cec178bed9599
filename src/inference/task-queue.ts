/** Something that waits for a worker. */
export interface QueuedTask {
  /** Useless when begun later than this, in ms of `performance.now()`; Infinity for one that somebody waits for. */
  readonly deadline: number;
}

/** Batches of live tasks that go before one of requests when both wait. */
const liveBatchesInARow = 4;

/**
 * What waits for a worker, in two lists. Live tasks have a deadline and a limit: only the newest matter, so they go
 * newest first, and when their list is full the oldest makes room. Tasks without a deadline are requests that somebody
 * waits for: they go oldest first, and whoever makes them bounds their number. Live tasks go first; so that requests
 * never starve, one batch of them goes after every four of live tasks. Neither displaces the other.
 */
export class TaskQueue<T extends QueuedTask> {
  readonly #limit: number;
  /** Oldest first, both. */
  #live: T[] = [];
  readonly #requests: T[] = [];
  /** Batches of live tasks taken while a request waited. */
  #liveBatches = 0;

  /** @param limit of live tasks */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.length + this.#requests.length;
  }

  /** Adds a task. Gives back the live one that found no room: the oldest. */
  add(task: T): T | undefined {
    if (task.deadline === Infinity) {
      this.#requests.push(task);
      return undefined;
    }
    this.#live.push(task);
    return this.#live.length > this.#limit ? this.#live.shift() : undefined;
  }

  /** Takes out the tasks that are next, `most` of them at most and all of one kind, the first one first. */
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

  /** Takes out the tasks whose deadline has passed at `now`. */
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
