import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { SightlineError } from '../../core/errors.js';
import type { LookAlikeLimit, ModelRef, Neighbour, Person } from '../../core/face.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { GalleryEntry, LookAlikes, ModelCount } from '../../core/people-store.js';
import type { Storage } from '../../core/storage.js';
import { FaceIndex } from './face-index.js';
import { FaceSearch } from './face-search.js';

/** How often to check whether another object or process has changed the people in the store. */
const pollIntervalMs = 1000;
/** Faces removed at a time: a portion blocks the main loop for about a millisecond. */
const portion = 1000;

export interface GalleryOptions {
  readonly store: Pick<Storage, 'people' | 'revision'>;
  readonly spec: EmbedderSpec;
  /** Called when the store could not be read again or the search thread was lost. `match` still answers. */
  readonly onError: (error: unknown) => void;
}

/**
 * The faces of a store that have an embedding of one model, held in memory. Changes made through this object apply at
 * once, changes made elsewhere within about a second.
 */
export class Gallery {
  readonly #store: GalleryOptions['store'];
  readonly #spec: EmbedderSpec;
  readonly #index: FaceIndex;
  readonly #search: FaceSearch;
  #otherModels: readonly ModelCount[] = [];
  /** By the id of the person. */
  #limits: ReadonlyMap<string, LookAlikeLimit> = new Map();
  #revision = 0;
  /** Revision of the topic `people` that the memory reflects. */
  #storeRevision = -1;
  /** Revisions after `#storeRevision` that were made through this object. */
  readonly #ownRevisions = new Set<number>();
  #reloading: Promise<void> | undefined;
  /** Ids of faces and people that were erased while the store is being read. */
  readonly #erased = new Set<string>();
  /** One symbol per person being erased. That makes several revisions, so the poll waits until all are done. */
  readonly #erasing = new Set<symbol>();
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor({ store, spec, onError }: GalleryOptions) {
    this.#store = store;
    this.#spec = spec;
    this.#index = new FaceIndex(spec.dimension);
    this.#search = new FaceSearch({ index: this.#index, onError });
  }

  /**
   * Reads the store. The caller closes the store, after the gallery.
   * @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE
   */
  static async open(options: GalleryOptions): Promise<Gallery> {
    const gallery = new Gallery(options);
    await gallery.reload();
    const check = (): void => void gallery.#reloadIfChanged().catch(options.onError);
    gallery.#poll = setInterval(check, pollIntervalMs).unref();
    return gallery;
  }

  /** Grows with every change that may affect what `match` answers. */
  get revision(): number {
    return this.#revision;
  }

  /** Number of photos that can be compared. */
  get faces(): number {
    return this.#index.faces;
  }

  /** Number of people with a photo that can be compared. */
  get people(): number {
    return this.#index.people;
  }

  /** GALLERY_MODEL_MISMATCH when some photos have no embedding of the model in use; undefined when all have one. */
  get mismatch(): SightlineError | undefined {
    if (this.#otherModels.length === 0) return undefined;
    const others = this.#otherModels.map(({ model, faces }) => `${faces} of ${label(model)}`).join(', ');
    const message = `Expected faces of ${label(this.#spec.model)} but the gallery also has ${others}`;
    return new SightlineError('GALLERY_MODEL_MISMATCH', message);
  }

  /**
   * The `count` people nearest to an embedding of the gallery's model, nearest first, each by their nearest photo.
   * Also answers after `close`. Rejects with a RangeError for an embedding of another dimension.
   */
  async match(vector: Float32Array, count: number): Promise<Neighbour[]> {
    const neighbours = await this.#search.nearest(vector, count);
    if (this.#limits.size === 0) return neighbours;
    return neighbours.map((each) => ({ ...each, lookAlike: this.#limits.get(each.person.id) }));
  }

  /** The distance to the nearest photo of a person; undefined when there is none. */
  distanceTo(personId: string, vector: Float32Array): number | undefined {
    return this.#index.distanceTo(personId, vector);
  }

  /**
   * Adds a face that was just stored.
   * @param storeRevision the revision that storing it made
   */
  add(entry: GalleryEntry, storeRevision: number): void {
    this.#addToIndex(entry);
    this.#follow(storeRevision);
  }

  /**
   * Erases a person from the store and from memory; from memory as soon as the store no longer returns them.
   * @returns whether there was such a person
   */
  async removePerson(personId: string): Promise<boolean> {
    const erasing = Symbol(personId);
    this.#erasing.add(erasing);
    const onGone = (revisions: readonly number[]): void => {
      if (this.#reloading) this.#erased.add(personId);
      if (this.#index.removePerson(personId)) this.#revision++;
      this.#follow(...revisions);
      this.#erasing.delete(erasing);
    };
    try {
      return await this.#store.people.removePerson(personId, onGone);
    } finally {
      this.#erasing.delete(erasing);
    }
  }

  /** Erases a photo from the store and from memory. @returns whether there was such a photo */
  async removeFace(faceId: string): Promise<boolean> {
    const storeRevision = await this.#store.people.removeFace(faceId);
    if (this.#reloading) this.#erased.add(faceId);
    if (this.#index.removeFace(faceId)) this.#revision++;
    if (storeRevision !== null) this.#follow(storeRevision);
    return storeRevision !== null;
  }

  /**
   * Reads the store again. Meanwhile `match` still knows every face; new faces are added as they are read, and faces that
   * are gone are removed at the end.
   * @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE
   */
  async reload(): Promise<void> {
    const before = this.#reloading?.catch(() => undefined);
    const reading = Promise.resolve(before).then(() => this.#read());
    this.#reloading = reading;
    try {
      await reading;
    } finally {
      if (this.#reloading === reading) this.#reloading = undefined;
    }
  }

  /** Stops reading and ends the search thread. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    await this.#reloading?.catch(() => undefined);
    await this.#search.close();
  }

  async #read(): Promise<void> {
    const { model } = this.#spec;
    const storeRevision = await this.#store.revision('people');
    this.#erased.clear();
    this.#index.beginCheck();
    for await (const entries of this.#store.people.entries(model)) {
      if (this.#closed) return;
      for (const entry of entries) {
        if (!this.#erased.has(entry.faceId) && !this.#erased.has(entry.person.id)) this.#addToIndex(entry);
      }
    }
    this.#otherModels = await this.#store.people.modelCounts(model);
    this.#useLimits(limitsOf(await this.#store.people.lookAlikes(model)));
    for (; this.#index.removeUnchecked(portion) > 0; await nextTurn()) this.#revision++;
    this.#storeRevision = storeRevision;
    for (const own of this.#ownRevisions) if (own <= storeRevision) this.#ownRevisions.delete(own);
    this.#follow();
  }

  /** A change that could not be read is read again at the next poll: an erased person must not stay known. */
  async #reloadIfChanged(): Promise<void> {
    const storeRevision = await this.#store.revision('people');
    if (this.#closed || this.#reloading || this.#erasing.size > 0) return;
    if (storeRevision !== this.#storeRevision) await this.reload();
  }

  /** Skips over the revisions made through this object, up to the first one made elsewhere. */
  #follow(...ownRevisions: readonly number[]): void {
    for (const revision of ownRevisions) this.#ownRevisions.add(revision);
    while (this.#ownRevisions.delete(this.#storeRevision + 1)) this.#storeRevision++;
  }

  #useLimits(limits: ReadonlyMap<string, LookAlikeLimit>): void {
    if (isDeepStrictEqual(limits, this.#limits)) return;
    this.#limits = limits;
    this.#revision++;
  }

  #addToIndex(entry: GalleryEntry): void {
    if (this.#index.add(entry)) this.#revision++;
  }
}

/** The strictest limit of each person. */
function limitsOf(lookAlikes: readonly LookAlikes[]): Map<string, LookAlikeLimit> {
  const limits = new Map<string, LookAlikeLimit>();
  for (const { people, threshold, isRevoked } of lookAlikes) {
    if (isRevoked) continue;
    for (const [own, person] of [people, people.toReversed() as [Person, Person]]) {
      if (threshold < (limits.get(own.id)?.threshold ?? Infinity)) limits.set(own.id, { person, threshold });
    }
  }
  return limits;
}

function label({ id, version }: ModelRef): string {
  return `model ${id} version ${version}`;
}
