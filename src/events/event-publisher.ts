import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { SightlineError, type ErrorCode } from '../core/errors.js';
import type { EventStore, NewEvent } from '../core/event-store.js';
import { EventIds } from './event-id.js';
import type { EventDraft } from './identity-event.js';
import { toNewEvent } from './kept-event.js';

/** Most events stored in one transaction. More would block the main loop for too long. */
const mostAtOnce = 200;

export type StoredListener = (events: readonly NewEvent[]) => void;

/** The state of a publisher. */
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
  /** Called after each failed attempt to store events; must not throw. */
  readonly onFailure: (error: unknown, status: PublisherStatus) => void;
  /** Called when events are stored again after failures; must not throw. */
  readonly onRecovery: (status: PublisherStatus) => void;
  /** Called with whatever a listener threw; must not throw itself. */
  readonly onListenerError: (error: unknown) => void;
  /** Most events that wait while storing fails. Beyond it the oldest are given up. */
  readonly capacity?: number;
  /** How long `close` waits for events that are not stored yet. */
  readonly closeTimeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Stores events in the order of publishing and notifies listeners only afterwards, so that nobody learns of an event that
 * a crash could undo. Readers get events from the store.
 *
 * A batch that cannot be stored is retried with growing delays until it is stored or `close` gives it up.
 */
export class EventPublisher {
  readonly #options: Required<EventPublisherOptions>;
  readonly #ids = new EventIds();
  readonly #listeners = new Set<StoredListener>();
  /** Oldest first. */
  #waiting: NewEvent[] = [];
  /** The batch being stored, which is older than everything waiting. */
  #batch: NewEvent[] = [];
  #lost = 0;
  #failures = 0;
  #draining: Promise<void> | undefined;
  #closing: Promise<number> | undefined;
  /** Ends the wait between two attempts. */
  readonly #hurry = new AbortController();
  #deadlineMs = Infinity;

  private constructor(options: EventPublisherOptions) {
    this.#options = { capacity: 10_000, closeTimeoutMs: 1000, now: Date.now, ...options };
  }

  /** Reads the greatest stored id, so that ids grow across runs whatever the clock does. Rejects when the store does. */
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
      this.#options.onFailure(
        new Error(`An event of type ${draft.type} was published after the publisher was closed`),
        this.status,
      );
      return;
    }
    const nowMs = this.#options.now();
    this.#waiting.push(toNewEvent(draft, this.#ids.next(nowMs), nowMs));
    this.#giveUpOldest();
    this.#draining ??= this.#drain();
  }

  /** Calls `listener` with events that were just stored, until the returned function is called. */
  onStored(listener: StoredListener): () => void {
    // Wrapped, so that the same function can be added twice and removed once.
    const own: StoredListener = (events) => listener(events);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /**
   * Waits until everything published is stored, for `closeTimeoutMs` at most. Events published from now on are lost. May
   * be called again.
   * @returns how many events were lost since the publisher was opened
   */
  close(): Promise<number> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<number> {
    this.#deadlineMs = performance.now() + this.#options.closeTimeoutMs;
    this.#hurry.abort();
    await Promise.race([this.#draining, delay(this.#options.closeTimeoutMs, undefined, { ref: false })]);
    // A pending append may still succeed, but nobody will be notified of it.
    this.#lost += this.#waiting.splice(0).length + this.#batch.length;
    return this.#lost;
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    // Events published in the same turn are stored together.
    await Promise.resolve();
    for (let most = mostAtOnce; this.#waiting.length > 0; await nextTurn()) {
      this.#batch = this.#waiting.splice(0, most);
      const isStored = await this.#store();
      // After a failure store one at a time, to find an event that can never be stored; then grow the batch again.
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
    // `close` ends a long wait; attempts after that wait only briefly.
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
  return error instanceof SightlineError && storageFaults.has(error.code);
}

const storageFaults: ReadonlySet<ErrorCode> = new Set(['DATA_UNWRITABLE', 'DISK_FULL', 'GALLERY_CORRUPT']);

const firstMs = 100;
const mostMs = 10_000;

/** The delay before the next attempt after a number of failures in a row: 0.1 s, doubling up to 10 s. */
export function backOffMs(failures: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), mostMs);
}
