import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import type { GalleryPerson } from '../../core/people-store.js';
import type { People } from '../services.js';

/** @throws SightlineError PERSON_UNKNOWN, PERSON_NAME_INVALID */
export async function findSubject(people: People, subject: string): Promise<GalleryPerson> {
  const person = await people.find(subject);
  if (person !== undefined) return person;
  throw new SightlineError(
    'PERSON_UNKNOWN',
    `Expected the name of a subject but received ${quote(subject)}.`,
  );
}
