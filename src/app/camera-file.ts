import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { cameraSchema, type CameraStatement } from '../config/schema.js';
import type { Logger } from '../observability/logger.js';
import { SettingsFile } from './settings-file.js';

const storedCamera = cameraSchema.required({ id: true });
const entrySchema = z.strictObject({
  /** What the configuration said of this id when the change was made; null for nothing. */
  configured: storedCamera.nullable(),
  /** What was asked for; null when the camera was removed. */
  camera: storedCamera.nullable(),
});
const fileSchema = z.strictObject({ version: z.literal(1), cameras: z.record(z.string(), entrySchema) });

type Entry = z.output<typeof entrySchema>;

/**
 * Which cameras there are: those of the configuration, with what was changed over the API. The newer statement wins: a
 * change counts as long as the configuration says of that id what it said when the change was made.
 */
export class CameraFile {
  readonly #file: SettingsFile<typeof fileSchema>;
  readonly #configured: ReadonlyMap<string, CameraStatement>;
  readonly #entries: Map<string, Entry>;

  private constructor(
    file: SettingsFile<typeof fileSchema>,
    configured: ReadonlyMap<string, CameraStatement>,
    entries: Map<string, Entry>,
  ) {
    this.#file = file;
    this.#configured = configured;
    this.#entries = entries;
  }

  /** @throws SightlineError SETTINGS_CORRUPT */
  static async open(
    dataDir: string,
    configured: readonly CameraStatement[],
    log: Pick<Logger, 'warn'>,
  ): Promise<CameraFile> {
    const file = new SettingsFile(join(dataDir, 'cameras.json'), fileSchema);
    const stored = (await file.read()) ?? { version: 1, cameras: {} };
    const byId = new Map(configured.map((camera) => [camera.id, camera]));
    const cameras = new CameraFile(file, byId, new Map(Object.entries(stored.cameras)));
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
   * @throws SightlineError DATA_UNWRITABLE, with everything as it was
   */
  async keep(id: string, camera: CameraStatement | null): Promise<void> {
    const before = this.#entries.get(id);
    const configured = this.#configured.get(id) ?? null;
    if (isSame(configured, camera)) this.#entries.delete(id);
    else this.#entries.set(id, { configured, camera });
    try {
      await this.#file.write(() => ({ version: 1, cameras: Object.fromEntries(this.#entries) }));
    } catch (error) {
      if (before === undefined) this.#entries.delete(id);
      else this.#entries.set(id, before);
      throw error;
    }
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

/** A field that is undefined is as good as none. */
function isSame(one: CameraStatement | null, other: CameraStatement | null): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}
