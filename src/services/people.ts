import type { EnrolmentWarning } from '../core/enrolment-warning.js';
import { SightlineError } from '../core/errors.js';
import type { Person } from '../core/face.js';
import type { ClassifierHead, HeadStore } from '../core/heads.js';
import type { GalleryPhoto, GalleryPerson } from '../core/people-store.js';
import type { Storage } from '../core/storage.js';
import { Enroller, type EnrolmentTarget, type Enrolment } from '../recognition/enrolment/enrolment.js';
import { nameWarnings } from '../recognition/enrolment/warnings.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import { cropJpeg } from '../recognition/unknown/snapshot.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import type { PeopleService, RecognitionInUse } from './services.js';
import { requireSnapshot } from './events.js';
import type { PictureReader } from './picture-reader.js';

export interface KnownPeopleOptions {
  readonly store: Pick<Storage, 'people' | 'embeddings' | 'tracks' | 'events' | 'heads'>;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly recognition: () => RecognitionInUse;
}

/** The people of the gallery, as they are. Recognition follows before a change is answered. */
export class KnownPeople {
  readonly #options: KnownPeopleOptions;

  constructor(options: KnownPeopleOptions) {
    this.#options = options;
  }

  list(): Promise<GalleryPerson[]> {
    return this.#options.store.people.persons();
  }

  async get(personId: string): Promise<GalleryPerson> {
    const person = await this.#options.store.people.person(personId);
    if (person) return person;
    throw new SightlineError(
      'PERSON_NOT_FOUND',
      `Expected the id of a person but received ${JSON.stringify(personId)}.`,
    );
  }

  find(name: string): Promise<GalleryPerson | undefined> {
    return this.#withName(name, (normalised) => this.#options.store.people.personNamed(normalised));
  }

  create(name: string): Promise<GalleryPerson> {
    return this.#withName(name, (normalised) => this.#options.store.people.addPerson(normalised));
  }

  rename(personId: string, name: string): Promise<GalleryPerson> {
    return this.#withName(name, async (normalised) => {
      const { model } = this.#options.recognition();
      await this.get(personId);
      await this.#options.store.people.rename(personId, normalised);
      await model.gallery.reload();
      return this.get(personId);
    });
  }

  async nameWarnings({ id, name }: Person): Promise<EnrolmentWarning[]> {
    return nameWarnings(
      name,
      (await this.list()).filter((other) => other.id !== id),
    );
  }

  async merge(from: string, into: string): Promise<GalleryPerson> {
    const { model } = this.#options.recognition();
    for (const id of [from, into]) await this.get(id);
    await this.#options.store.people.merge(from, into);
    await model.gallery.reload();
    return this.get(into);
  }

  async erase(personId: string): Promise<{ classifierSwitchedOff: boolean }> {
    const { store, recognition } = this.#options;
    const { model } = recognition();
    await this.get(personId);
    // Listed first: somebody of the same name who is enrolled meanwhile must not pass for the one the classifier knows.
    const others = (await store.people.persons()).filter(({ id }) => id !== personId);
    await model.gallery.removePerson(personId);
    if (mayKnowOthers(recognition().model.classifier, others)) recognition().dropClassifier();
    return { classifierSwitchedOff: await forgetInClassifier(store.heads, others) };
  }

  async photos(personId: string): Promise<GalleryPhoto[]> {
    await this.get(personId);
    return this.#options.store.people.faces(personId);
  }

  async photo(photoId: string): Promise<GalleryPhoto> {
    const photo = await this.#options.store.people.face(photoId);
    if (photo) return photo;
    throw unknownPhoto(photoId);
  }

  async photoPicture(photoId: string): Promise<Buffer> {
    await this.photo(photoId);
    const crop = await this.#options.store.embeddings.crop(photoId);
    if (crop) return cropJpeg(crop);
    throw unknownPhoto(photoId);
  }

  async removePhoto(photoId: string): Promise<void> {
    const { model } = this.#options.recognition();
    await this.photo(photoId);
    await model.gallery.removeFace(photoId);
  }

  /** Rejects with PERSON_NAME_INVALID for what is no name. */
  async #withName<T>(name: string, work: (normalised: string) => Promise<T>): Promise<T> {
    return work(normalisePersonName(name));
  }
}

export interface StoredPeopleOptions extends KnownPeopleOptions {
  readonly recognition: () => RecognitionInUse & { readonly model: RecognitionModel };
  readonly pictures: Pick<PictureReader, 'withPicture' | 'detect'>;
  /** Called after a photo was enrolled, also one that was known already. */
  readonly onEnrolled: (enrolment: Enrolment) => void;
}

/** The people of the gallery, and enrolling photos of them. */
export class StoredPeople extends KnownPeople implements PeopleService {
  readonly #options: StoredPeopleOptions;

  constructor(options: StoredPeopleOptions) {
    super(options);
    this.#options = options;
  }

  async enroll(name: string, picture: Buffer, photoName: string): Promise<Enrolment> {
    return this.#enrollPicture(normalisePersonName(name), picture, photoName);
  }

  async addPhoto(personId: string, picture: Buffer, photoName: string): Promise<Enrolment> {
    await this.get(personId);
    return this.#enrollPicture({ id: personId }, picture, photoName);
  }

  async enrollFromEvent(personId: string, eventId: string): Promise<Enrolment> {
    await this.get(personId);
    const { jpeg, landmarks } = await requireSnapshot(this.#options.store, eventId);
    const enroller = this.#enroller();
    const enrolment = await this.#options.pictures.withPicture(Buffer.from(jpeg), (image) => {
      const box = { x: 0, y: 0, width: image.width, height: image.height };
      return enroller.enrollFace({ id: personId }, image, { box, score: 1, landmarks }, `event ${eventId}`);
    });
    return this.#told(enrolment);
  }

  async #enrollPicture(whom: EnrolmentTarget, picture: Buffer, photoName: string): Promise<Enrolment> {
    const enroller = this.#enroller();
    const enrolment = await this.#options.pictures.withPicture(picture, (image) =>
      enroller.enrollPhoto(whom, image, photoName),
    );
    return this.#told(enrolment);
  }

  #told(enrolment: Enrolment): Enrolment {
    this.#options.onEnrolled(enrolment);
    return enrolment;
  }

  /** With the model in use. @throws SightlineError NOT_READY */
  #enroller(): Enroller {
    const { store, recognition, pictures } = this.#options;
    return new Enroller({
      ...recognition().model,
      store: store.people,
      detect: (image) => pictures.detect(image),
    });
  }
}

/** What the command line works with: the store alone. A program that runs beside it follows by the store's revisions. */
export function storeAlone({ people, tracks }: Pick<Storage, 'people' | 'tracks'>): RecognitionInUse {
  return {
    model: {
      gallery: {
        reload: () => Promise.resolve(),
        removePerson: (id) => people.removePerson(id),
        removeFace: async (id) => (await people.removeFace(id)) !== null,
      },
      classifier: null,
    },
    people: {
      name: (unknownId, name) => tracks.name(unknownId, name),
      reject: (trackKey, personId) => tracks.reject(trackKey, personId),
    },
    dropClassifier: () => undefined,
  };
}

function unknownPhoto(id: string): SightlineError {
  return new SightlineError(
    'PHOTO_NOT_FOUND',
    `Expected the id of a photo but received ${JSON.stringify(id)}.`,
  );
}

/**
 * Switches the classifier off when it may know somebody who was erased.
 *
 * @param people everybody who is still here
 * @returns whether it was switched off
 * @throws SightlineError HEAD_CORRUPT, DATA_UNWRITABLE
 */
async function forgetInClassifier(heads: HeadStore, people: readonly GalleryPerson[]): Promise<boolean> {
  const classifier = await heads.load('classifier');
  return mayKnowOthers(classifier, people) && heads.remove('classifier');
}

/**
 * Whether a classifier may know somebody else than these people. It keeps embeddings of those it was trained on, by the
 * names that they had then: when one of these is nobody's any more, it may be that of somebody erased.
 */
function mayKnowOthers(classifier: ClassifierHead | null, people: readonly GalleryPerson[]): boolean {
  const names = new Set(people.map(({ name }) => name));
  return classifier !== null && !classifier.people.every((name) => names.has(name));
}
