import { SightlineError } from '../core/errors.js';
import type { EventQuery, EventStore, StoredEvent } from '../core/event-store.js';
import type { Storage } from '../core/storage.js';
import type { Snapshot } from '../core/track-store.js';
import type { EventService, RecognitionInUse } from './services.js';

export interface StoredEventsOptions {
  readonly store: Pick<Storage, 'events' | 'tracks' | 'revision'>;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly recognition: () => Pick<RecognitionInUse, 'people'>;
}

/** The events of the store, with the faces that they tell of. */
export class StoredEvents implements EventService {
  readonly #options: StoredEventsOptions;

  constructor(options: StoredEventsOptions) {
    this.#options = options;
  }

  after(position: number, limit: number): Promise<StoredEvent[]> {
    return this.#events.after(position, limit);
  }

  positionOf(eventId: string): Promise<number> {
    return this.#events.positionOf(eventId);
  }

  newestPosition(): Promise<number> {
    return this.#events.newestPosition();
  }

  query(query: EventQuery): Promise<StoredEvent[]> {
    return this.#events.query(query);
  }

  peopleRevision(): Promise<number> {
    return this.#options.store.revision('people');
  }

  get(id: string): Promise<StoredEvent> {
    return requireEvent(this.#events, id);
  }

  async snapshot(id: string): Promise<Buffer> {
    const { jpeg } = await requireSnapshot(this.#options.store, id);
    return Buffer.from(jpeg);
  }

  async reject(id: string, personId: string | undefined): Promise<number> {
    const { trackKey, person, type } = await this.get(id);
    if (trackKey === null) throw withoutPerson(`an event about a face but ${id} is of type ${type}`);
    const whoItIsNot = personId ?? person?.id;
    if (whoItIsNot === undefined) throw withoutPerson(`an event about a person but ${id} names nobody`);
    return this.#options.recognition().people.reject(trackKey, whoItIsNot);
  }

  get #events(): EventStore {
    return this.#options.store.events;
  }
}

/** @throws SightlineError EVENT_NOT_FOUND */
async function requireEvent(events: Pick<EventStore, 'get'>, id: string): Promise<StoredEvent> {
  const event = await events.get(id);
  if (event) return event;
  throw new SightlineError(
    'EVENT_NOT_FOUND',
    `Expected the id of an event that is kept but received ${JSON.stringify(id)}.`,
  );
}

/** The face that an event tells of. @throws SightlineError EVENT_NOT_FOUND, SNAPSHOT_NOT_FOUND */
export async function requireSnapshot(
  { events, tracks }: Pick<Storage, 'events' | 'tracks'>,
  eventId: string,
): Promise<Snapshot> {
  const { trackKey } = await requireEvent(events, eventId);
  const snapshot = trackKey === null ? undefined : await tracks.snapshot(trackKey);
  if (snapshot) return snapshot;
  throw new SightlineError(
    'SNAPSHOT_NOT_FOUND',
    `Expected an event with a picture of a face but none is kept for ${eventId}.`,
  );
}

function withoutPerson(what: string): SightlineError {
  return new SightlineError('EVENT_WITHOUT_PERSON', `Expected ${what}.`);
}
