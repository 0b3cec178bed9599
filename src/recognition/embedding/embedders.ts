import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { embedderIds } from '../../core/face-embedder.js';
import type { SettingsStore } from '../../core/storage.js';
import {
  addedEmbedderSchema,
  embedderSpecOf,
  embeddingSpecOf,
  type AddedEmbedder,
  type Measurement,
} from './added-embedder.js';
import { findEmbedder, type EmbedderSpec, type EmbeddingSpec } from './embedder-specs.js';

/** Where added networks are kept among the settings. */
const settingsGroup = 'embedders';

const groupSchema = z.strictObject({ added: z.array(addedEmbedderSchema) });

/** The embedders there are: those that Sightline knows, and those that the user added to a data folder. */
export class Embedders {
  readonly added: readonly AddedEmbedder[];

  constructor(added: readonly AddedEmbedder[] = []) {
    this.added = added;
  }

  /** @throws SightlineError SETTINGS_CORRUPT, DATA_UNWRITABLE */
  static async read(settings: SettingsStore): Promise<Embedders> {
    const value = await settings.load(settingsGroup);
    if (value === undefined) return new Embedders();
    const parsed = groupSchema.safeParse(value);
    if (parsed.success) return new Embedders(parsed.data.added);
    const places = parsed.error.issues.map(({ path }) => [settingsGroup, ...path.map(String)].join('.'));
    throw new SightlineError(
      'SETTINGS_CORRUPT',
      `Expected the networks that were added, but there is something else at ${places.join(', ')}.`,
    );
  }

  /** An embedder that may name people. @throws SightlineError MODEL_NOT_FOUND, MODEL_NOT_MEASURED */
  find(id: string): EmbedderSpec {
    const added = this.findAdded(id);
    if (added) return embedderSpecOf(added);
    this.#requireKnown(id);
    return findEmbedder(id);
  }

  /** What it takes to embed faces, measured or not. @throws SightlineError MODEL_NOT_FOUND */
  findEmbedding(id: string): EmbeddingSpec {
    const added = this.findAdded(id);
    return added ? embeddingSpecOf(added) : this.find(id);
  }

  findAdded(name: string): AddedEmbedder | undefined {
    return this.added.find((each) => each.name === name);
  }

  /** @throws SightlineError MODEL_NOT_FOUND */
  requireAdded(name: string): AddedEmbedder {
    const found = this.findAdded(name);
    if (found) return found;
    const names = this.added.map((each) => each.name).join(', ') || 'none';
    throw new SightlineError(
      'MODEL_NOT_FOUND',
      `Expected a network that was added (${names}) but received "${name}"`,
    );
  }

  #requireKnown(id: string): void {
    const names = [...embedderIds, ...this.added.map(({ name }) => name)];
    if (names.includes(id)) return;
    throw new SightlineError(
      'MODEL_NOT_FOUND',
      `Expected an embedder, one of ${names.join(', ')}, but received "${id}"`,
    );
  }
}

/** Changes which networks are added to a data folder. Each change starts from what is kept at that moment. */
export class EmbedderBook {
  readonly #settings: SettingsStore;

  constructor(settings: SettingsStore) {
    this.#settings = settings;
  }

  /** Adds a network, in place of one of the same name. */
  async add(embedder: AddedEmbedder): Promise<void> {
    await this.#change((added) => [...added.filter(({ name }) => name !== embedder.name), embedder]);
  }

  /** Keeps what was measured of a network, if it is still the one that was measured. @returns whether it is */
  async measured({ name, sha256, addedAt }: AddedEmbedder, measurement: Measurement): Promise<boolean> {
    let kept = false;
    await this.#change((added) =>
      added.map((each) => {
        if (each.name !== name || each.sha256 !== sha256 || each.addedAt !== addedAt) return each;
        kept = true;
        return { ...each, measurement };
      }),
    );
    return kept;
  }

  async remove(name: string): Promise<void> {
    await this.#change((added) => added.filter((each) => each.name !== name));
  }

  async #change(change: (added: readonly AddedEmbedder[]) => readonly AddedEmbedder[]): Promise<void> {
    const { added } = await Embedders.read(this.#settings);
    await this.#settings.save(settingsGroup, { added: change(added) });
  }
}
