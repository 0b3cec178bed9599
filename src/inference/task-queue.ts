/** A task that waits for a worker. */
export interface QueuedTask {
  /** Latest useful start, in ms of `performance.now()`; Infinity for a request. */
  readonly deadline: number;
}

/** Batches of live tasks that run before one batch of requests when both wait. */
const liveBatchesInARow = 4;

/**
 * The tasks that wait for a worker, in two lists. Live tasks have a deadline and a limit: only the newest matter, so they
 * run newest first, and when the list is full the oldest is dropped. Tasks without a deadline are requests: they run
 * oldest first, and their callers limit their number. Live tasks run first, but one batch of requests runs after every
 * four batches of live tasks, so that requests never starve. Neither list displaces the other.
 */
export class TaskQueue<T extends QueuedTask> {
  readonly #limit: number;
  /** Oldest first, both. */
  #live: T[] = [];
  readonly #requests: T[] = [];
  /** Batches of live tasks taken while a request waited. */
  #liveBatches = 0;

  /** @param limit most live tasks */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.length + this.#requests.length;
  }

  /** Adds a task. @returns the oldest live task if it had to make room */
  add(task: T): T | undefined {
    if (task.deadline === Infinity) {
      this.#requests.push(task);
      return undefined;
    }
    this.#live.push(task);
    return this.#live.length > this.#limit ? this.#live.shift() : undefined;
  }

  /** Removes and returns the next tasks in order, `most` at most and all of one kind. */
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

  /** Removes and returns the tasks whose deadline has passed at `now`. */
  takeExpired(now: number): T[] {
    const expired = this.#live.filter(({ deadline }) => deadline < now);
    if (expired.length > 0) this.#live = this.#live.filter(({ deadline }) => deadline >= now);
    return expired;
  }

  /** Removes and returns everything. */
  takeAll(): T[] {
    return [...this.#requests.splice(0), ...this.#live.splice(0)];
  }
}
