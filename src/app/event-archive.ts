import { SightlineError } from '../core/errors.js';
import type { EventQuery, StoredEvent } from '../core/event-store.js';
import type { Storage } from '../core/storage.js';
import type { Snapshot } from '../core/track-store.js';
import type { EventJournal } from '../events/event-journal.js';
import type { SightlineEvent } from '../events/identity-event.js';
import type { EventArchive } from '../server/services.js';
import type { Recognition } from './recognition.js';

export interface EventArchiveOptions {
  readonly store: Pick<Storage, 'tracks'>;
  readonly journal: EventJournal;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly recognition: () => Pick<Recognition, 'people'>;
}

/** The events of the journal, with the faces that they tell of. */
export class JournalArchive implements EventArchive {
  readonly #options: EventArchiveOptions;

  constructor(options: EventArchiveOptions) {
    this.#options = options;
  }

  after(id: string, limit: number): Promise<SightlineEvent[]> {
    return this.#options.journal.after(id, limit);
  }

  query(query: EventQuery): Promise<StoredEvent[]> {
    return this.#options.journal.query(query);
  }

  get(id: string): Promise<StoredEvent> {
    return requireEvent(this.#options.journal, id);
  }

  async snapshot(id: string): Promise<Buffer> {
    const { jpeg } = await requireSnapshot(this.#options, id);
    return Buffer.from(jpeg);
  }

  async reject(id: string, personId: string | undefined): Promise<number> {
    const { trackKey, person, type } = await this.get(id);
    if (trackKey === null) throw withoutPerson(`an event about a face but ${id} is of type ${type}`);
    const whoItIsNot = personId ?? person?.id;
    if (whoItIsNot === undefined) throw withoutPerson(`an event about a person but ${id} names nobody`);
    return this.#options.recognition().people.reject(trackKey, whoItIsNot);
  }
}

/** @throws SightlineError EVENT_UNKNOWN */
async function requireEvent(journal: Pick<EventJournal, 'get'>, id: string): Promise<StoredEvent> {
  const event = await journal.get(id);
  if (event) return event;
  throw new SightlineError(
    'EVENT_UNKNOWN',
    `Expected the id of an event that is kept but received ${JSON.stringify(id)}.`,
  );
}

/** The face that an event tells of. @throws SightlineError EVENT_UNKNOWN, SNAPSHOT_UNKNOWN */
export async function requireSnapshot(
  { journal, store }: { journal: Pick<EventJournal, 'get'>; store: Pick<Storage, 'tracks'> },
  eventId: string,
): Promise<Snapshot> {
  const { trackKey } = await requireEvent(journal, eventId);
  const snapshot = trackKey === null ? undefined : await store.tracks.snapshot(trackKey);
  if (snapshot) return snapshot;
  throw new SightlineError(
    'SNAPSHOT_UNKNOWN',
    `Expected an event with a picture of a face but none is kept for ${eventId}.`,
  );
}

function withoutPerson(what: string): SightlineError {
  return new SightlineError('EVENT_WITHOUT_PERSON', `Expected ${what}.`);
}
