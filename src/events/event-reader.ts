import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { CursorStore, EventStore } from '../core/event-store.js';
import { backOffMs } from './back-off.js';
import type { EventPublisher } from './event-publisher.js';
import type { EventSink } from './event-sink.js';
import { toSightlineEvent } from './kept-event.js';

/** Events read and delivered at a time: a few milliseconds. */
const portion = 100;

export interface EventReaderOptions {
  readonly sink: EventSink;
  readonly store: Pick<EventStore, 'after' | 'newestPosition'>;
  readonly cursors: CursorStore;
  readonly publisher: Pick<EventPublisher, 'onStored'>;
  /** Told what the store or the sink said when it failed; what was not delivered is tried again. */
  readonly onError: (error: unknown) => void;
  /** How often to look for events that another process has stored. */
  readonly pollMs?: number;
}

/**
 * Hands the events of a store to a sink, in order, each at least once: how far the sink has come is kept in the cursor of
 * its name, after each delivery. A sink that is new begins with the next event.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #closed = new AbortController();
  readonly #stopListening: () => void;
  readonly #poll: NodeJS.Timeout;
  #cursor: number;
  #running: Promise<void> | undefined;
  /** Whether there may be events that the run under way has not seen. */
  #isBehind = false;

  private constructor(options: EventReaderOptions, cursor: number) {
    this.#options = options;
    this.#cursor = cursor;
    this.#stopListening = options.publisher.onStored(() => this.#wake());
    this.#poll = setInterval(() => this.#wake(), options.pollMs ?? 1000).unref();
  }

  /** Rejects as the stores do. */
  static async open(options: EventReaderOptions): Promise<EventReader> {
    const { sink, store, cursors } = options;
    let cursor = await cursors.load(sink.name);
    if (cursor === undefined) {
      cursor = await store.newestPosition();
      // At once: what happens before the first delivery is for this sink, too, if the program ends first.
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
