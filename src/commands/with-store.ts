import { openStore } from '../app/open-store.js';
import { SightlineError } from '../core/errors.js';
import type { GalleryPerson } from '../core/people-store.js';
import type { Storage } from '../core/storage.js';
import type { UnknownPerson } from '../core/track-store.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import { configFrom, type SharedOptions } from './options.js';

/** Opens what is kept for a command, while the program runs or not. */
export async function withStore(
  options: SharedOptions,
  work: (store: Storage) => Promise<void>,
): Promise<void> {
  const { data } = await configFrom(options);
  const store = await openStore(data);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** @throws SightlineError PERSON_NAME_INVALID, PERSON_UNKNOWN */
export async function findPerson(store: Storage, name: string): Promise<GalleryPerson> {
  const wanted = normalisePersonName(name);
  const person = (await store.people.persons()).find((other) => other.name === wanted);
  if (person) return person;
  throw new SightlineError('PERSON_UNKNOWN', `Expected the name of a person but received "${wanted}"`);
}

/** @throws SightlineError UNKNOWN_PERSON_UNKNOWN */
export async function findUnknown(store: Storage, number: string): Promise<UnknownPerson> {
  const person = /^\d{1,15}$/.test(number) ? await store.tracks.unknownPerson(Number(number)) : undefined;
  if (person) return person;
  throw new SightlineError(
    'UNKNOWN_PERSON_UNKNOWN',
    `Expected the number of a person without a name but received "${number}"`,
  );
}
