import type { EventStore, StoredEvent } from '../core/event-store.js';
import type { EventBus } from './event-bus.js';
import type { SightlineEvent } from './identity-event.js';
import { toNewEvent } from './kept-event.js';

export interface EventJournalOptions {
  readonly bus: EventBus;
  readonly store: EventStore;
  /** Told why an event could not be kept. */
  readonly onError: (error: unknown) => void;
}

/** Keeps every event of a bus in a store, and reads them back as they were published. */
export class EventJournal {
  readonly #store: EventStore;
  readonly #onError: (error: unknown) => void;
  readonly #unsubscribe: () => void;
  /** Settled when every event published so far is kept, or has failed to be. */
  #written: Promise<unknown> = Promise.resolve();

  private constructor({ bus, store, onError }: EventJournalOptions) {
    this.#store = store;
    this.#onError = onError;
    this.#unsubscribe = bus.subscribe((event) => this.#keep(event));
  }

  /** Lets the bus go on after the newest event kept, so that ids grow across runs whatever the clock does. */
  static async open(options: EventJournalOptions): Promise<EventJournal> {
    const [newest] = await options.store.query({ order: 'newest first', limit: 1 });
    if (newest !== undefined) options.bus.continueAfter(newest.id);
    return new EventJournal(options);
  }

  /**
   * At most `limit` events after the one with this id, oldest first, every event published before the call included.
   * They say what was said then, without the names of people erased since. Rejects as `EventStore.query` does.
   */
  async after(id: string, limit: number): Promise<SightlineEvent[]> {
    await this.#written;
    const events = await this.#store.query({ after: id, order: 'oldest first', limit });
    return events.map(toSightlineEvent);
  }

  /** Stops keeping; resolves when what was published is kept. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#written;
  }

  #keep(event: SightlineEvent): void {
    const kept = this.#store.append([toNewEvent(event)]).catch(this.#onError);
    this.#written = Promise.all([this.#written, kept]);
  }
}

function toSightlineEvent({ id, time, type, cameraId, data }: StoredEvent): SightlineEvent {
  return {
    specversion: '1.0',
    source: `/cameras/${encodeURIComponent(cameraId)}`,
    type,
    datacontenttype: 'application/json',
    data,
    id,
    time: new Date(time).toISOString(),
    // The store keeps what the journal gave it.
  } as SightlineEvent;
}
