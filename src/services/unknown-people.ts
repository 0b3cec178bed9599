import { SightlineError } from '../core/errors.js';
import type { GalleryPerson } from '../core/people-store.js';
import type { Storage } from '../core/storage.js';
import type { UnknownPerson } from '../core/track-store.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import { cropJpeg } from '../recognition/unknown/snapshot.js';
import type { RecognitionInUse, UnknownPeopleService } from './services.js';

export interface StoredUnknownPeopleOptions {
  readonly store: Pick<Storage, 'people' | 'tracks'>;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly recognition: () => Pick<RecognitionInUse, 'people'>;
}

/** The people without a name in the gallery's file, looked at and changed while cameras run. */
export class StoredUnknownPeople implements UnknownPeopleService {
  readonly #options: StoredUnknownPeopleOptions;

  constructor(options: StoredUnknownPeopleOptions) {
    this.#options = options;
  }

  list(): Promise<UnknownPerson[]> {
    return this.#options.store.tracks.unknownPeople();
  }

  get(number: number): Promise<UnknownPerson> {
    return requireUnknown(this.#options.store, number);
  }

  async picture(number: number): Promise<Buffer> {
    const { id } = await this.get(number);
    const crop = await this.#options.store.tracks.bestCrop(id);
    if (crop) return cropJpeg(crop);
    throw new SightlineError(
      'SNAPSHOT_NOT_FOUND',
      `Expected a picture of unknown person ${number} but none is kept.`,
    );
  }

  async name(number: number, name: string): Promise<GalleryPerson> {
    const { store, recognition } = this.#options;
    const wanted = normalisePersonName(name);
    const { people } = recognition();
    const { id } = await people.name((await this.get(number)).id, wanted);
    const person = await store.people.person(id);
    if (person) return person;
    throw new SightlineError('PERSON_NOT_FOUND', `Expected ${wanted} but somebody erased them meanwhile.`);
  }

  async dismiss(number: number): Promise<void> {
    const { id } = await this.get(number);
    await this.#options.store.tracks.dismiss(id);
  }
}

/** @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
export async function requireUnknown(
  { tracks }: Pick<Storage, 'tracks'>,
  number: number,
): Promise<UnknownPerson> {
  const person = await tracks.unknownPerson(number);
  if (person) return person;
  throw new SightlineError(
    'UNKNOWN_PERSON_NOT_FOUND',
    `Expected the number of a person without a name but received ${number}.`,
  );
}
