import { setImmediate as nextTurn } from 'node:timers/promises';
import { SightlineError } from '../../core/errors.js';
import type { ModelRef, Neighbour } from '../../core/face.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { GalleryEntry, ModelCount } from '../../core/people-store.js';
import type { Storage } from '../../core/storage.js';
import { FaceIndex } from './face-index.js';
import { FaceSearch } from './face-search.js';

/** How often to look whether somebody else has changed the people in the store. */
const pollIntervalMs = 1000;
/** Faces taken out at a stretch: a portion holds the main loop up for about a millisecond. */
const portion = 1000;

export interface GalleryOptions {
  readonly store: Pick<Storage, 'people' | 'revision'>;
  readonly spec: EmbedderSpec;
  /** Told when the store could not be read again, or the search thread was lost; `match` answers all the same. */
  readonly onError: (error: unknown) => void;
}

/**
 * The faces of a store that one model can compare, held in memory and kept up to date: with changes made through this
 * object at once, with those of others within about a second.
 */
export class Gallery {
  readonly #store: GalleryOptions['store'];
  readonly #spec: EmbedderSpec;
  readonly #index: FaceIndex;
  readonly #search: FaceSearch;
  #otherModels: readonly ModelCount[] = [];
  #revision = 0;
  /** Of the store's people, as they are in memory. */
  #storeRevision = -1;
  /** Revisions of the store that were made through this object and come after `#storeRevision`. */
  readonly #ownRevisions = new Set<number>();
  #reloading: Promise<void> | undefined;
  /** Ids of faces and people erased while the store is being read. */
  readonly #erased = new Set<string>();
  /** People who are being erased, which makes several revisions: reading the store waits until they are gone. */
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
   * Reads the store. The store stays the caller's to close, after the gallery.
   * @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE
   */
  static async open(options: GalleryOptions): Promise<Gallery> {
    const gallery = new Gallery(options);
    await gallery.reload();
    const check = (): void => void gallery.#reloadIfChanged().catch(options.onError);
    gallery.#poll = setInterval(check, pollIntervalMs).unref();
    return gallery;
  }

  /** Grows with every change of what `match` may answer. */
  get revision(): number {
    return this.#revision;
  }

  /** Photos that can be compared. */
  get faces(): number {
    return this.#index.faces;
  }

  /** People with a photo that can be compared. */
  get people(): number {
    return this.#index.people;
  }

  /** GALLERY_MODEL_MISMATCH when the store has faces that the model in use cannot compare; undefined when not. */
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
  match(vector: Float32Array, count: number): Promise<Neighbour[]> {
    return this.#search.nearest(vector, count);
  }

  /**
   * Takes in a face that was just stored.
   * @param storeRevision that storing it has made
   */
  add(entry: GalleryEntry, storeRevision: number): void {
    this.#addToIndex(entry);
    this.#follow(storeRevision);
  }

  /**
   * Erases a person from the store and from memory, from memory as soon as the store gives nothing of them any more.
   * Whether there was such a person.
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

  /** Erases a photo from the store and from memory. Whether there was such a photo. */
  async removeFace(faceId: string): Promise<boolean> {
    const storeRevision = await this.#store.people.removeFace(faceId);
    if (this.#reloading) this.#erased.add(faceId);
    if (this.#index.removeFace(faceId)) this.#revision++;
    if (storeRevision !== null) this.#follow(storeRevision);
    return storeRevision !== null;
  }

  /**
   * Reads the store anew. Meanwhile `match` knows every face that was known before; what is new comes in as it is read,
   * and what is gone goes when all has been read.
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
    for (; this.#index.removeUnchecked(portion) > 0; await nextTurn()) this.#revision++;
    this.#storeRevision = storeRevision;
    for (const own of this.#ownRevisions) if (own <= storeRevision) this.#ownRevisions.delete(own);
    this.#follow();
  }

  /** A change that could not be read is tried again: somebody who was erased must not stay known. */
  async #reloadIfChanged(): Promise<void> {
    const storeRevision = await this.#store.revision('people');
    if (this.#closed || this.#reloading || this.#erasing.size > 0) return;
    if (storeRevision !== this.#storeRevision) await this.reload();
  }

  /** Changes of the store that are in memory already, as long as there was none of somebody else in between. */
  #follow(...ownRevisions: readonly number[]): void {
    for (const revision of ownRevisions) this.#ownRevisions.add(revision);
    while (this.#ownRevisions.delete(this.#storeRevision + 1)) this.#storeRevision++;
  }

  #addToIndex(entry: GalleryEntry): void {
    if (this.#index.add(entry)) this.#revision++;
  }
}

function label({ id, version }: ModelRef): string {
  return `model ${id} version ${version}`;
}
