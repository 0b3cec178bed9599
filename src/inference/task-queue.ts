/** A task that waits for a worker. */
export interface QueuedTask {
  /** Latest useful start, in ms of `performance.now()`; Infinity for a request. */
  readonly deadline: number;
  /** Whether it goes before all live tasks that are not urgent. */
  readonly urgent?: boolean;
}

/** Batches of live tasks that run before one batch of requests when both wait. */
const liveBatchesInARow = 4;

/**
 * The tasks that wait for a worker, in two lists. Live tasks have a deadline and a limit: only the newest matter, so they
 * run newest first, urgent ones before the others, and when the list is full the oldest that is not urgent is dropped. Tasks without a deadline are requests: they run
 * oldest first, and their callers limit their number. Live tasks run first, but one batch of requests runs after every
 * four batches of live tasks, so that requests never starve. Neither list displaces the other.
 */
export class TaskQueue<T extends QueuedTask> {
  readonly #limit: number;
  /** Oldest first, the urgent ones after all others. */
  #live: T[] = [];
  /** Oldest first. */
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

  /** Adds a task. @returns the live task that had to make room, if one had to */
  add(task: T): T | undefined {
    if (task.deadline === Infinity) {
      this.#requests.push(task);
      return undefined;
    }
    const firstUrgent = this.#live.findIndex(({ urgent }) => urgent === true);
    const isLast = task.urgent === true || firstUrgent === -1;
    this.#live.splice(isLast ? this.#live.length : firstUrgent, 0, task);
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
