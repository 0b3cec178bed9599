import { SightlineError } from '../core/errors.js';
import type { Storage } from '../core/storage.js';
import type { UnknownPerson } from '../core/track-store.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import { cropJpeg } from '../recognition/unknown/snapshot.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import { enrolmentWarnings } from '../recognition/enrolment/warnings.js';
import type { Naming, RecognitionInUse, UnknownPeopleService } from './services.js';

/** The people without a name in the gallery's file, looked at and forgotten while cameras run. */
export class ListedUnknownPeople {
  readonly #tracks: Storage['tracks'];

  constructor({ tracks }: Pick<Storage, 'tracks'>) {
    this.#tracks = tracks;
  }

  list(): Promise<UnknownPerson[]> {
    return this.#tracks.unknownPeople();
  }

  /** @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
  async get(number: number): Promise<UnknownPerson> {
    const person = await this.#tracks.unknownPerson(number);
    if (person) return person;
    throw new SightlineError(
      'UNKNOWN_PERSON_NOT_FOUND',
      `Expected the number of a person without a name but received ${number}.`,
    );
  }

  async picture(number: number): Promise<Buffer> {
    const { id } = await this.get(number);
    const crop = await this.#tracks.bestCrop(id);
    if (crop) return cropJpeg(crop);
    throw new SightlineError(
      'SNAPSHOT_NOT_FOUND',
      `Expected a picture of unknown person ${number} but none is kept.`,
    );
  }

  async dismiss(number: number): Promise<void> {
    const { id } = await this.get(number);
    await this.#tracks.dismiss(id);
  }
}

export interface StoredUnknownPeopleOptions {
  readonly store: Pick<Storage, 'people' | 'tracks'>;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly recognition: () => Pick<RecognitionInUse, 'people'> & {
    readonly model: Pick<RecognitionModel, 'gallery' | 'spec'>;
  };
}

/** The people without a name, and naming them. */
export class StoredUnknownPeople extends ListedUnknownPeople implements UnknownPeopleService {
  readonly #options: StoredUnknownPeopleOptions;

  constructor(options: StoredUnknownPeopleOptions) {
    super(options.store);
    this.#options = options;
  }

  async name(number: number, name: string): Promise<Naming> {
    const { store, recognition } = this.#options;
    const wanted = normalisePersonName(name);
    const { people, model } = recognition();
    const unknown = await this.get(number);
    const vectors = await this.#vectors(unknown.id, model.spec);
    const warnings = await enrolmentWarnings({ ...model, store: store.people }, wanted, vectors);
    const { id } = await people.name(unknown.id, wanted);
    const person = await store.people.person(id);
    if (person) return { person, warnings };
    throw new SightlineError('PERSON_NOT_FOUND', `Expected ${wanted} but somebody erased them meanwhile.`);
  }

  /** The embeddings of a person's crops. */
  async #vectors(personId: string, { model }: Pick<EmbedderSpec, 'model'>): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for await (const entries of this.#options.store.tracks.unknownEntries(model, personId))
      vectors.push(...entries.filter(({ role }) => role === 'sighting').map(({ vector }) => vector));
    return vectors;
  }
}
