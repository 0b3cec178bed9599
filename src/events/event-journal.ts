import type { EventQuery, EventStore, StoredEvent } from '../core/event-store.js';
import type { PeopleStore } from '../core/people-store.js';
import type { EventBus } from './event-bus.js';
import type { SightlineEvent } from './identity-event.js';
import { namedIn, toNewEvent, toSightlineEvent } from './kept-event.js';

export interface EventJournalOptions {
  readonly bus: EventBus;
  readonly store: EventStore;
  /** Knows who has not been erased. */
  readonly gallery: Pick<PeopleStore, 'persons'>;
  /** Told what the store said when it refused. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps every event of a bus in a store, and reads them back as they were published. What the bus has in memory follows
 * when people are erased.
 */
export class EventJournal {
  readonly #options: EventJournalOptions;
  readonly #unsubscribe: () => void;
  /** Settled when every event published so far is kept, or has failed to be. */
  #written: Promise<void> = Promise.resolve();

  private constructor(options: EventJournalOptions) {
    this.#options = options;
    this.#unsubscribe = options.bus.subscribe((event) => this.#whenWritten(this.#keep(event)));
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
    const events = await this.query({ after: id, order: 'oldest first', limit });
    return events.map(toSightlineEvent);
  }

  /** As `EventStore.query`, every event published before the call included. */
  async query(query: EventQuery): Promise<StoredEvent[]> {
    await this.#written;
    return this.#options.store.query(query);
  }

  /** As `EventStore.get`, every event published before the call included. */
  async get(id: string): Promise<StoredEvent | undefined> {
    await this.#written;
    return this.#options.store.get(id);
  }

  /** To be called when people may have been erased or merged, by whichever process. Resolves when that is done. */
  async followPeople(): Promise<void> {
    this.#whenWritten(this.#followPeople());
    await this.#written;
  }

  /** Stops keeping; resolves when what was published is kept. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#written;
  }

  #whenWritten(work: Promise<void>): void {
    const done = work.catch(this.#options.onError);
    this.#written = this.#written.then(() => done);
  }

  async #keep(event: SightlineEvent): Promise<void> {
    await this.#revise(await this.#options.store.append([toNewEvent(event)]));
  }

  async #followPeople(): Promise<void> {
    const named = new Set((await this.#options.gallery.persons()).map(({ id }) => id));
    const outdated = this.#options.bus
      .recent(Infinity)
      .filter((event) => namedIn(event).some((person) => !named.has(person)));
    await this.#revise(outdated.map(({ id }) => id));
  }

  /** What the store says of these events counts. */
  async #revise(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    const { bus, store } = this.#options;
    const stored = await Promise.all(eventIds.map((id) => store.get(id)));
    bus.revise(new Map(stored.flatMap((event) => (event ? [[event.id, event.data]] : []))));
  }
}
