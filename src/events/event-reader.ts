import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { CursorStore, EventStore } from '../core/event-store.js';
import { backOffMs, type EventPublisher } from './event-publisher.js';
import { toSightlineEvent } from './kept-event.js';
import type { SightlineEvent } from './identity-event.js';

/** Events read and delivered at a time, which takes a few milliseconds. */
const portion = 100;

export interface EventReaderOptions {
  readonly sink: EventSink;
  readonly store: Pick<EventStore, 'after' | 'newestPosition'>;
  readonly cursors: CursorStore;
  readonly publisher: Pick<EventPublisher, 'onStored'>;
  /** Called with each error of the store or the sink. Events that were not delivered are retried. */
  readonly onError: (error: unknown) => void;
  /** How often to look for events that another process has stored. */
  readonly pollMs?: number;
}

/**
 * Delivers the events of a store to a sink, in order and at least once. The cursor with the sink's name is saved after each
 * delivery. A new sink starts with the next event.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #closed = new AbortController();
  readonly #stopListening: () => void;
  readonly #poll: NodeJS.Timeout;
  #cursor: number;
  #running: Promise<void> | undefined;
  /** Whether there may be events that the current run has not read. */
  #isBehind = false;

  private constructor(options: EventReaderOptions, cursor: number) {
    this.#options = options;
    this.#cursor = cursor;
    this.#stopListening = options.publisher.onStored(() => this.#wake());
    this.#poll = setInterval(() => this.#wake(), options.pollMs ?? 1000).unref();
  }

  /** Loads the sink's cursor and starts to read. Rejects when a store does. */
  static async open(options: EventReaderOptions): Promise<EventReader> {
    const { sink, store, cursors } = options;
    let cursor = await cursors.load(sink.name);
    if (cursor === undefined) {
      cursor = await store.newestPosition();
      // Saved at once, so that the sink gets events from now on even if the program ends before the first delivery.
      await cursors.save(sink.name, cursor);
    }
    const reader = new EventReader(options, cursor);
    reader.#wake();
    return reader;
  }

  /** Stops reading; resolves when nothing is being delivered. May be called again. */
  async close(): Promise<void> {
    this.#stopListening();
    clearInterval(this.#poll);
    this.#closed.abort();
    await this.#running;
  }

  #wake(): void {
    this.#isBehind = true;
    if (!this.#closed.signal.aborted) this.#running ??= this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (let failures = 0; this.#isBehind && !signal.aborted;) {
      try {
        await this.#readOn(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        this.#isBehind = true;
        this.#options.onError(error);
        failures += 1;
        await delay(backOffMs(failures), undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    this.#running = undefined;
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    const { sink, store, cursors } = this.#options;
    this.#isBehind = false;
    while (!signal.aborted) {
      const events = await store.after(this.#cursor, portion);
      const last = events.at(-1);
      if (!last) return;
      await sink.deliver(events.map(toSightlineEvent), signal);
      this.#cursor = last.position;
      await cursors.save(sink.name, last.position);
      await nextTurn();
    }
  }
}

/** Receives the events of the store, in order, from an `EventReader`. */
export interface EventSink {
  /** The name of its cursor: the same in every run and unique among sinks. */
  readonly name: string;
  /**
   * Receives events, oldest first. An event only comes twice if the program ended before the cursor was saved. When this
   * rejects, the same events come again later, in the form the store has by then.
   *
   * @param signal aborted when the reader closes; the call should settle soon after
   */
  deliver(events: readonly SightlineEvent[], signal: AbortSignal): Promise<void>;
}
