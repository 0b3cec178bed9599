import { openStore } from '../app/open-store.js';
import type { EnrolmentWarning } from '../core/enrolment-warning.js';
import { SightlineError } from '../core/errors.js';
import type { Person } from '../core/face.js';
import type { HeadStore } from '../core/heads.js';
import type { GalleryPerson } from '../core/people-store.js';
import type { SettingsStore, Storage } from '../core/storage.js';
import { StoredEvents } from '../services/events.js';
import type { GalleryHealth } from '../services/gallery-health.js';
import { KnownPeople, storeAlone } from '../services/people.js';
import { ListedUnknownPeople, StoredUnknownPeople } from '../services/unknown-people.js';
import { configFrom, type SharedOptions } from './options.js';

/** What commands do with the data folder. A program that runs beside them follows. */
export interface StoreServices {
  readonly people: KnownPeople;
  readonly unknownPeople: ListedUnknownPeople;
  readonly events: StoredEvents;
  readonly heads: HeadStore;
  readonly settings: SettingsStore;
}

/**
 * Opens the data folder for a command, whether the program runs or not. Where there is none, none is made: whatever such a
 * command lists or changes has to be there.
 */
export async function withStore(
  options: SharedOptions,
  work: (services: StoreServices) => Promise<void>,
): Promise<void> {
  const { data } = await configFrom(options);
  const store = await openStore(data, { create: false });
  try {
    await work(servicesOf(store));
  } finally {
    await store.close();
  }
}

/** What commands do that compare faces. */
interface ComparingServices extends StoreServices {
  readonly gallery: GalleryHealth;
  readonly unknownPeople: StoredUnknownPeople;
}

/** The same as `withStore`, with the gallery as it compares faces; only commands that need it wait for its modules. */
export async function withGallery(
  options: SharedOptions,
  work: (services: ComparingServices) => Promise<void>,
): Promise<void> {
  const { openGalleryHealth } = await import('./open-gallery-health.js');
  const config = await configFrom(options);
  const store = await openStore(config.data, { create: false });
  try {
    const { health, model, close } = await openGalleryHealth(config, store);
    try {
      const recognition = () => ({ people: storeAlone(store).people, model });
      const unknownPeople = new StoredUnknownPeople({ store, recognition });
      await work({ ...servicesOf(store), gallery: health, unknownPeople });
    } finally {
      await close();
    }
  } finally {
    await store.close();
  }
}

function servicesOf(store: Storage): StoreServices {
  const inUse = storeAlone(store);
  const recognition = () => inUse;
  return {
    people: new KnownPeople({ store, recognition }),
    unknownPeople: new ListedUnknownPeople(store),
    events: new StoredEvents({ store, recognition }),
    heads: store.heads,
    settings: store.settings,
  };
}

/** @throws SightlineError PERSON_NAME_INVALID, PERSON_NOT_FOUND */
export async function findPerson({ people }: StoreServices, name: string): Promise<GalleryPerson> {
  const person = await people.find(name);
  if (person) return person;
  throw new SightlineError('PERSON_NOT_FOUND', `There is nobody called "${name}".`);
}

/** Says on standard error when somebody else has a name that is read the same. */
export async function warnOfName({ people }: StoreServices, person: Person): Promise<void> {
  warn(await people.nameWarnings(person));
}

/** Says on standard error what speaks against what was done. */
export function warn(warnings: readonly EnrolmentWarning[]): void {
  for (const { message } of warnings) process.stderr.write(`warning: ${message}\n`);
}

/** The number of an unknown person as it was typed. @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
export function unknownNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SightlineError(
    'UNKNOWN_PERSON_NOT_FOUND',
    `Expected the number of an unknown person but received "${text}".`,
  );
}
