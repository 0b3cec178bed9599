import { SightlineError } from '../core/errors.js';
import type { ModelRef, Neighbour } from '../core/face.js';
import type { GalleryEntry, GalleryStore, ModelCount } from '../core/gallery-store.js';
import type { Embedder } from './embedders.js';
import { FaceIndex } from './face-index.js';

/** How often to look whether another process has changed the gallery. */
const pollIntervalMs = 1000;

export interface GalleryOptions {
  readonly store: GalleryStore;
  readonly embedder: Embedder;
  /** Told when the gallery, changed by another process, could not be read; the one in memory stays in use. */
  readonly onError: (error: unknown) => void;
}

/**
 * The faces of a store that one model can compare, held in memory and kept up to date: with changes made through this
 * object at once, with those of other processes within about a second.
 */
export class Gallery {
  readonly #store: GalleryStore;
  readonly #embedder: Embedder;
  #index: FaceIndex;
  #otherModels: readonly ModelCount[] = [];
  #revision = 0;
  #reloading: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;

  private constructor({ store, embedder }: GalleryOptions) {
    this.#store = store;
    this.#embedder = embedder;
    this.#index = new FaceIndex(embedder.dimension);
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

  /** GALLERY_MODEL_MISMATCH when the store has faces that the model in use cannot compare; undefined when not. */
  get mismatch(): SightlineError | undefined {
    if (this.#otherModels.length === 0) return undefined;
    const others = this.#otherModels.map(({ model, faces }) => `${faces} of ${label(model)}`).join(', ');
    const message = `Expected faces of ${label(this.#embedder.model)} but the gallery also has ${others}`;
    return new SightlineError('GALLERY_MODEL_MISMATCH', message);
  }

  /** The `count` people nearest to an embedding of the gallery's model, nearest first, each by their nearest photo. */
  match(vector: Float32Array, count: number): Neighbour[] {
    return this.#index.nearest(vector, count);
  }

  /** Takes in a face that was just stored. */
  add(entry: GalleryEntry): void {
    this.#index.add(entry);
    this.#revision++;
  }

  /** Erases a person from the store and from memory. Whether there was such a person. */
  async removePerson(personId: string): Promise<boolean> {
    const removed = await this.#store.removePerson(personId);
    this.#index.remove((_, person) => person.id === personId);
    this.#revision++;
    return removed;
  }

  /** Erases a photo from the store and from memory. Whether there was such a photo. */
  async removeFace(faceId: string): Promise<boolean> {
    const removed = await this.#store.removeFace(faceId);
    this.#index.remove((id) => id === faceId);
    this.#revision++;
    return removed;
  }

  /** Reads the store anew; until that is done, `match` answers from what was there before. */
  async reload(): Promise<void> {
    const { dimension, model } = this.#embedder;
    for (let seen = -1; seen !== this.#revision;) {
      // A face added or removed while reading may be missed or come twice: then read again.
      seen = this.#revision;
      const index = new FaceIndex(dimension);
      for await (const entries of this.#store.entries(model)) entries.forEach((entry) => index.add(entry));
      const otherModels = await this.#store.modelCounts(model);
      if (seen !== this.#revision) continue;
      this.#index = index;
      this.#otherModels = otherModels;
      seen = ++this.#revision;
    }
  }

  /** Stops looking for changes. May be called again. */
  close(): void {
    clearInterval(this.#poll);
  }

  async #reloadIfChanged(): Promise<void> {
    if (this.#reloading || !(await this.#store.changedElsewhere())) return;
    this.#reloading = this.reload().finally(() => (this.#reloading = undefined));
    await this.#reloading;
  }
}

function label({ id, version }: ModelRef): string {
  return `model ${id} version ${version}`;
}
