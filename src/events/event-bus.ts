import { EventIds } from './event-id.js';
import type { EventDraft, SightlineEvent } from './identity-event.js';

export type EventListener = (event: SightlineEvent) => void;

export interface EventBusOptions {
  /** How many of the newest events are kept in memory. */
  readonly capacity?: number;
  /** Told what a listener threw; must not throw itself. */
  readonly onListenerError?: (error: unknown) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Where events meet those who want them. Publishing is synchronous, never throws, and reaches every listener
 * whatever the others do; the bus stamps ids, so the order of ids is the order of publishing.
 */
export class EventBus {
  readonly #listeners = new Set<EventListener>();
  readonly #ids = new EventIds();
  readonly #capacity: number;
  readonly #onListenerError: (error: unknown) => void;
  readonly #now: () => number;
  /** The newest event that is not in memory (any more); '' when there is none. */
  #newestGone = '';
  /** Oldest first. */
  #kept: SightlineEvent[] = [];

  constructor({ capacity = 1000, onListenerError = () => {}, now = Date.now }: EventBusOptions = {}) {
    this.#capacity = capacity;
    this.#onListenerError = onListenerError;
    this.#now = now;
  }

  /** Goes on after the last event of an earlier run; called before anything is published. */
  continueAfter(id: string): void {
    this.#ids.continueAfter(id);
    this.#newestGone = id;
  }

  /** Stamps the draft with an id and the time, keeps it, and hands it to every listener. */
  publish(draft: EventDraft): SightlineEvent {
    const nowMs = this.#now();
    const event: SightlineEvent = {
      ...draft,
      id: this.#ids.next(nowMs),
      time: new Date(nowMs).toISOString(),
    };
    this.#kept.push(event);
    if (this.#kept.length > this.#capacity) this.#newestGone = this.#kept.shift()?.id ?? '';
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
    return event;
  }

  /** Calls `listener` with every event from now on, until the returned function is called. */
  subscribe(listener: EventListener): () => void {
    // A wrapper of its own, so that the same function can subscribe twice and leave once.
    const own: EventListener = (event) => {
      listener(event);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Puts what else is to be said in place of kept events, by their ids; nobody is told. */
  revise(data: ReadonlyMap<string, unknown>): void {
    this.#kept = this.#kept.map((event) =>
      data.has(event.id) ? ({ ...event, data: data.get(event.id) } as SightlineEvent) : event,
    );
  }

  /** The newest events, at most `limit`, oldest first. */
  recent(limit: number): readonly SightlineEvent[] {
    return limit > 0 ? this.#kept.slice(-limit) : [];
  }

  /** The newest event that `since` may not give because it has left the memory; '' when there is none. */
  get newestGone(): string {
    return this.#newestGone;
  }

  /** The newest event there is, of an earlier run too; '' when there is none. */
  get newest(): string {
    return this.#kept.at(-1)?.id ?? this.#newestGone;
  }

  /** The events kept that came after the one with this id, oldest first; it need not be kept any more. */
  since(id: string): readonly SightlineEvent[] {
    return this.#kept.filter((event) => event.id > id);
  }
}
