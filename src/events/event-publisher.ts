import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { SightlineError } from '../core/errors.js';
import type { EventStore, NewEvent } from '../core/event-store.js';
import { backOffMs } from './back-off.js';
import { EventIds } from './event-id.js';
import type { EventDraft } from './identity-event.js';
import { toNewEvent } from './kept-event.js';

/** Events stored in one transaction: more would hold the main loop up for more than some milliseconds. */
const mostAtOnce = 200;

export type StoredListener = (events: readonly NewEvent[]) => void;

/** How publishing stands. */
export interface PublisherStatus {
  /** Events that are not stored yet. */
  readonly waiting: number;
  /** Events given up because they could not be stored. */
  readonly lost: number;
  /** Whether the last attempt to store events failed. */
  readonly failing: boolean;
}

export interface EventPublisherOptions {
  readonly store: Pick<EventStore, 'append' | 'greatestId'>;
  /** Told of each failed attempt to store events; must not throw. */
  readonly onFailure: (error: unknown, status: PublisherStatus) => void;
  /** Told when events are stored again after failures; must not throw. */
  readonly onRecovery: (status: PublisherStatus) => void;
  /** Told what a listener threw; must not throw itself. */
  readonly onListenerError: (error: unknown) => void;
  /** Events that may wait while storing fails; then the oldest are given up, so that what is newest arrives. */
  readonly capacity?: number;
  /** How long closing may wait for what is not stored yet. */
  readonly closeTimeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Stores events in the order of publishing and only then tells that there are new ones, so that nobody hears of an event
 * that a crash could undo. Whoever wants events reads them from the store.
 *
 * A batch that cannot be stored is tried again, after a wait that grows, until it is stored or closing gives it up.
 */
export class EventPublisher {
  readonly #options: Required<EventPublisherOptions>;
  readonly #ids = new EventIds();
  readonly #listeners = new Set<StoredListener>();
  /** Oldest first. */
  #waiting: NewEvent[] = [];
  /** Being stored; older than all that wait. */
  #batch: NewEvent[] = [];
  #lost = 0;
  #failures = 0;
  #draining: Promise<void> | undefined;
  #closing: Promise<number> | undefined;
  /** Ends the wait between two attempts. */
  readonly #hurry = new AbortController();
  #deadlineMs = Infinity;

  private constructor(options: EventPublisherOptions) {
    this.#options = { capacity: 10_000, closeTimeoutMs: 5000, now: Date.now, ...options };
  }

  /** Reads the greatest id there is, so that ids grow across runs whatever the clock does. Rejects as the store does. */
  static async open(options: EventPublisherOptions): Promise<EventPublisher> {
    const publisher = new EventPublisher(options);
    const greatest = await options.store.greatestId();
    if (greatest !== undefined) publisher.#ids.continueAfter(greatest);
    return publisher;
  }

  get status(): PublisherStatus {
    const waiting = this.#waiting.length + this.#batch.length;
    return { waiting, lost: this.#lost, failing: this.#failures > 0 };
  }

  /** Stamps the draft with an id and the time, and has it stored. Returns at once and never throws. */
  publish(draft: EventDraft): void {
    if (this.#closing) {
      this.#lost += 1;
      this.#options.onFailure(new Error(`An event of type ${draft.type} came after the end`), this.status);
      return;
    }
    const nowMs = this.#options.now();
    this.#waiting.push(toNewEvent(draft, this.#ids.next(nowMs), nowMs));
    this.#giveUpOldest();
    this.#draining ??= this.#drain();
  }

  /** Calls `listener` with events that were just stored, until the returned function is called. */
  onStored(listener: StoredListener): () => void {
    // A wrapper of its own, so that the same function can listen twice and leave once.
    const own: StoredListener = (events) => listener(events);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /**
   * Waits until what was published is stored, as long as `closeTimeoutMs` at most; what is published from now on is lost.
   * May be called again.
   * @returns how many events were given up, from the beginning on
   */
  close(): Promise<number> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<number> {
    this.#deadlineMs = performance.now() + this.#options.closeTimeoutMs;
    this.#hurry.abort();
    await Promise.race([this.#draining, delay(this.#options.closeTimeoutMs, undefined, { ref: false })]);
    // An append that is still under way may succeed yet; nobody will know.
    this.#lost += this.#waiting.splice(0).length + this.#batch.length;
    return this.#lost;
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    // What is published in the same turn is stored together.
    await Promise.resolve();
    for (let most = mostAtOnce; this.#waiting.length > 0; await nextTurn()) {
      this.#batch = this.#waiting.splice(0, most);
      const isStored = await this.#store();
      // One at a time after a failure, so that an event that is no good is found; then more and more again.
      most = isStored ? Math.min(2 * most, mostAtOnce) : 1;
      if (!isStored && !(await this.#waitToRetry())) break;
    }
    this.#draining = undefined;
  }

  /** Whether the batch is settled: stored, or one event that can never be. */
  async #store(): Promise<boolean> {
    const batch = this.#batch;
    try {
      await this.#options.store.append(batch);
    } catch (error) {
      return this.#failed(batch, error);
    }
    this.#batch = [];
    const hadFailed = this.#failures > 0;
    this.#failures = 0;
    if (hadFailed) this.#options.onRecovery(this.status);
    this.#notify(batch);
    return true;
  }

  /** Whether the batch is settled all the same. */
  #failed(batch: readonly NewEvent[], error: unknown): boolean {
    const isHopeless = batch.length === 1 && !isOfStorage(error);
    this.#batch = [];
    if (isHopeless) this.#lost += 1;
    else this.#waiting.unshift(...batch);
    this.#giveUpOldest();
    this.#failures = isHopeless ? 0 : this.#failures + 1;
    this.#options.onFailure(error, this.status);
    return isHopeless;
  }

  /** Whether to try again. */
  async #waitToRetry(): Promise<boolean> {
    const waitMs = Math.min(backOffMs(this.#failures), this.#deadlineMs - performance.now());
    if (waitMs <= 0) return false;
    const { signal } = this.#hurry;
    // Closing ends a long wait, and leaves short ones to the attempts after it.
    if (signal.aborted) await delay(Math.min(waitMs, backOffMs(1)));
    else await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    return true;
  }

  #giveUpOldest(): void {
    const tooMany = this.#waiting.length - this.#options.capacity;
    if (tooMany > 0) this.#lost += this.#waiting.splice(0, tooMany).length;
  }

  #notify(events: readonly NewEvent[]): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(events);
      } catch (error) {
        this.#options.onListenerError(error);
      }
    }
  }
}

/** Whether the storage is at fault, so that a later attempt may succeed. */
function isOfStorage(error: unknown): boolean {
  return (
    error instanceof SightlineError && (error.code === 'DATA_UNWRITABLE' || error.code === 'GALLERY_CORRUPT')
  );
}
