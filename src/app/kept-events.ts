import type { EventBus } from '../events/event-bus.js';
import type { SightlineEvent } from '../events/identity-event.js';
import { namedIn, toNewEvent } from '../events/kept-event.js';
import type { SqliteGalleryStore } from '../storage/sqlite-gallery-store.js';

/** Keeps every event of the bus in the store, and lets what the bus has in memory follow when people are erased. */
export class KeptEvents {
  readonly #bus: EventBus;
  readonly #store: Pick<SqliteGalleryStore, 'events' | 'persons'>;
  readonly #onError: (error: unknown) => void;
  readonly #stop: () => void;

  /** @param onError told when the store refused, with what it said */
  constructor(
    bus: EventBus,
    store: Pick<SqliteGalleryStore, 'events' | 'persons'>,
    onError: (error: unknown) => void,
  ) {
    this.#bus = bus;
    this.#store = store;
    this.#onError = onError;
    this.#stop = bus.subscribe((event) => void this.#keep(event).catch(onError));
  }

  /** To be called when people may have been erased or merged, by whichever process. */
  followPeople(): void {
    void this.#followPeople().catch(this.#onError);
  }

  close(): void {
    this.#stop();
  }

  async #keep(event: SightlineEvent): Promise<void> {
    await this.#revise(await this.#store.events.append([toNewEvent(event)]));
  }

  async #followPeople(): Promise<void> {
    const named = new Set((await this.#store.persons()).map(({ id }) => id));
    const outdated = this.#bus
      .recent(Infinity)
      .filter((event) => namedIn(event).some((person) => !named.has(person)));
    await this.#revise(outdated.map(({ id }) => id));
  }

  /** What the store says of these events counts. */
  async #revise(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    const stored = await Promise.all(eventIds.map((id) => this.#store.events.get(id)));
    this.#bus.revise(new Map(stored.flatMap((event) => (event ? [[event.id, event.data]] : []))));
  }
}
