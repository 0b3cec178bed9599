import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { z } from 'zod';
import { cameraSchema, type CameraStatement } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { CameraStore } from '../core/storage.js';
import type { Logger } from '../observability/logger.js';

const storedCamera = cameraSchema.required({ id: true });

/** A change of a camera, as it is kept. */
export const cameraEntrySchema = z.strictObject({
  /** What the configuration said of this id when the change was made; null for nothing. */
  configured: storedCamera.nullable(),
  /** What was asked for; null when the camera was removed. */
  camera: storedCamera.nullable(),
});

type Entry = z.output<typeof cameraEntrySchema>;

/**
 * Which cameras there are: those of the configuration, with what was changed over the API. The newer statement wins: a
 * change counts as long as the configuration says of that id what it said when the change was made.
 */
export class CameraRegistry {
  readonly #store: CameraStore;
  readonly #configured: ReadonlyMap<string, CameraStatement>;
  readonly #entries: Map<string, Entry>;
  readonly #inTurn = pLimit(1);

  private constructor(
    store: CameraStore,
    configured: ReadonlyMap<string, CameraStatement>,
    entries: Map<string, Entry>,
  ) {
    this.#store = store;
    this.#configured = configured;
    this.#entries = entries;
  }

  /** @throws SightlineError SETTINGS_CORRUPT, DATA_UNWRITABLE */
  static async open(
    store: CameraStore,
    configured: readonly CameraStatement[],
    log: Pick<Logger, 'warn'>,
  ): Promise<CameraRegistry> {
    const entries = (await store.list()).map(({ id, entry }) => [id, readEntry(id, entry)] as const);
    const byId = new Map(configured.map((camera) => [camera.id, camera]));
    const cameras = new CameraRegistry(store, byId, new Map(entries));
    for (const id of cameras.#outdated())
      log.warn(
        { camera: id },
        'The configuration of this camera was edited after it was changed over the API: the configuration counts',
      );
    return cameras;
  }

  /** Those of the configuration first. */
  list(): CameraStatement[] {
    const ids = new Set([...this.#configured.keys(), ...this.#entries.keys()]);
    return [...ids].flatMap((id) => this.#current(id) ?? []);
  }

  /** Whether a source stands in the configuration of this camera, which may name any. */
  isConfigured(id: string, source: string): boolean {
    const configured = this.#configured.get(id);
    return configured !== undefined && [configured.url, configured.detectUrl].includes(source);
  }

  /**
   * Keeps what a camera is from now on; null for one that was removed.
   * @throws SightlineError DATA_UNWRITABLE, DISK_FULL, with everything as it was
   */
  keep(id: string, camera: CameraStatement | null): Promise<void> {
    return this.#inTurn(async () => {
      const configured = this.#configured.get(id) ?? null;
      if (isSame(configured, camera)) {
        await this.#store.remove(id);
        this.#entries.delete(id);
      } else {
        const entry = { configured, camera };
        await this.#store.save({ id, entry });
        this.#entries.set(id, entry);
      }
    });
  }

  #current(id: string): CameraStatement | undefined {
    const entry = this.#entries.get(id);
    const configured = this.#configured.get(id);
    if (entry === undefined || !isSame(entry.configured, configured ?? null)) return configured;
    return entry.camera ?? undefined;
  }

  #outdated(): string[] {
    return [...this.#entries]
      .filter(([id, entry]) => {
        const configured = this.#configured.get(id) ?? null;
        return !isSame(entry.configured, configured) && !isSame(entry.camera, configured);
      })
      .map(([id]) => id);
  }
}

/** Errors say where, and never what: an entry holds passwords of cameras. */
function readEntry(id: string, value: unknown): Entry {
  const result = cameraEntrySchema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.map(({ path }) => ['cameras', id, ...path.map(String)].join('.'));
  throw new SightlineError(
    'SETTINGS_CORRUPT',
    `Expected settings of cameras in the gallery, but there is something else at ${places.join(', ')}.`,
  );
}

/** A field that is undefined is as good as none. */
function isSame(one: CameraStatement | null, other: CameraStatement | null): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}
