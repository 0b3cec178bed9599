import { setImmediate as nextTurn } from 'node:timers/promises';
import pLimit from 'p-limit';
import { SightlineError } from '../core/errors.js';
import type { Person } from '../core/face.js';
import type { GalleryPhoto, LookAlikes } from '../core/people-store.js';
import type { Storage } from '../core/storage.js';
import { rulesFor } from '../recognition/decision/decision.js';
import { checkGallery, type GalleryFindings } from '../recognition/health/check-gallery.js';
import { findLookAlikes } from '../recognition/health/look-alikes.js';
import type { CheckedPhoto } from '../recognition/health/photo-groups.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import {
  describeFindings,
  withNames,
  type GalleryReport,
  type ReadGallery,
  type SetAsideFinding,
} from './gallery-report.js';
import type { GalleryService } from './services.js';

/** People that a photo is compared with, the nearest ones. */
const candidates = 4;

export interface GalleryHealthOptions {
  readonly store: Pick<Storage, 'people'>;
  /** What is in use now. @throws SightlineError NOT_READY */
  readonly model: () => Pick<RecognitionModel, 'gallery' | 'spec' | 'thresholds'>;
  /** Called after something of the gallery was changed. */
  readonly onApplied?: (report: GalleryReport) => void;
}

/** Checks whether the photos of the gallery fit the people they are filed under. One check runs at a time. */
export class GalleryHealth implements GalleryService {
  readonly #options: GalleryHealthOptions;
  readonly #oneCheck = pLimit(1);

  constructor(options: GalleryHealthOptions) {
    this.#options = options;
  }

  check({ apply }: { readonly apply: boolean }): Promise<GalleryReport> {
    return this.#oneCheck(async () => {
      const report = await this.#check(apply);
      if (apply && report.setAside.length + report.lookAlikes.length > 0) this.#options.onApplied?.(report);
      return report;
    });
  }

  async restorePhoto(photoId: string): Promise<GalleryPhoto> {
    const { store, model } = this.#options;
    const { gallery } = model();
    await store.people.restore(photoId);
    const photo = await store.people.face(photoId);
    if (!photo)
      throw new SightlineError(
        'PHOTO_NOT_FOUND',
        `Expected the id of a photo but received ${JSON.stringify(photoId)}.`,
      );
    await gallery.reload();
    return photo;
  }

  lookAlikes(): Promise<LookAlikes[]> {
    const { store, model } = this.#options;
    return store.people.lookAlikes(model().spec.model);
  }

  async revokeLookAlikes(personIds: readonly [string, string], isRevoked: boolean): Promise<void> {
    const { store, model } = this.#options;
    const { gallery } = model();
    if (!(await store.people.revokeLookAlikes(personIds, isRevoked)))
      throw new SightlineError(
        'LOOK_ALIKES_NOT_FOUND',
        `Expected the ids of two people who look alike but received ${personIds.join(' and ')}.`,
      );
    await gallery.reload();
  }

  async #check(apply: boolean): Promise<GalleryReport> {
    const { gallery, spec } = this.#options.model();
    const read = await this.#read();
    const findings = await checkGallery(read.checked, {
      spec,
      candidates: async (vector) => (await gallery.match(vector, candidates)).map(({ person }) => person.id),
    });
    const found = describeFindings(findings, read);
    const counted = [...read.photos.values()].filter(({ setAside: aside }) => aside === null).length;
    const setAside = apply ? await this.#setAside(found.setAside) : found.setAside;
    const lookAlikes = await this.#lookAlikes(findings, read, apply);
    return {
      applied: apply,
      people: new Set(read.checked.map(({ personId }) => personId)).size,
      photos: read.checked.length,
      leftOut: counted - read.checked.length,
      ...found,
      setAside,
      lookAlikes,
    };
  }

  /** The photos that count, with their embeddings of the model in use. Other work can go on after each person. */
  async #read(): Promise<ReadGallery> {
    const { people } = this.#options.store;
    const { spec } = this.#options.model();
    const [photos, persons] = [new Map<string, GalleryPhoto>(), new Map<string, Person>()];
    for (const { id, name } of await people.persons()) {
      persons.set(id, { id, name });
      for (const photo of await people.faces(id)) photos.set(photo.id, photo);
      await nextTurn();
    }
    const checked: CheckedPhoto[] = [];
    for await (const entries of people.entries(spec.model)) {
      for (const { faceId, vector } of entries) {
        const photo = photos.get(faceId);
        if (photo) checked.push({ faceId, vector, ...photo });
      }
    }
    return { checked, photos, persons };
  }

  /** @returns those that were set aside; somebody may have confirmed or removed others meanwhile */
  async #setAside(found: readonly SetAsideFinding[]): Promise<SetAsideFinding[]> {
    if (found.length === 0) return [];
    const done = await this.#options.store.people.setAside(
      found.map(({ photo, reason, ownDistance, otherDistance, other }) => ({
        ...{ faceId: photo.id, reason, ownDistance, otherDistance },
        otherId: other?.id ?? null,
      })),
    );
    await this.#options.model().gallery.reload();
    return found.filter(({ photo }) => done.includes(photo.id));
  }

  /** Found among the photos that fit: a photo under the wrong name makes nobody a look-alike. */
  async #lookAlikes(
    { misfits, disagreements, sameFaces }: GalleryFindings,
    { checked, persons }: ReadGallery,
    apply: boolean,
  ): Promise<GalleryReport['lookAlikes']> {
    const { gallery, spec, thresholds } = this.#options.model();
    const { people } = this.#options.store;
    const doubtful = new Set([
      ...misfits.map(({ photo }) => photo.faceId),
      ...disagreements.flatMap(({ groups }) => groups.flat().map(({ faceId }) => faceId)),
    ]);
    const same = new Set(sameFaces.map(({ personIds }) => personIds.join(' ')));
    const { threshold } = rulesFor(spec, thresholds, gallery.faces);
    const found = await findLookAlikes(
      checked.filter(({ faceId }) => !doubtful.has(faceId)),
      { spec, threshold, match: (vector) => gallery.match(vector, candidates) },
    );
    const apart = found.filter(({ personIds }) => !same.has(personIds.join(' ')));
    if (!apply) return withNames(apart, persons);
    const changed = await people.saveLookAlikes(spec.model, apart);
    if (changed.length > 0) await gallery.reload();
    return changed;
  }
}
