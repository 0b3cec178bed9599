import { open, readFile, rename, rm } from 'node:fs/promises';
import type { z } from 'zod';
import { SightlineError } from '../core/errors.js';

/**
 * Settings that were changed while the program ran, in a JSON file that only its owner can read. The file is replaced
 * as a whole, so a crash leaves the old one or the new one.
 */
export class SettingsFile<T extends z.ZodType> {
  readonly #path: string;
  readonly #schema: T;
  #written: Promise<void> = Promise.resolve();

  /** The folder must be there. */
  constructor(path: string, schema: T) {
    this.#path = path;
    this.#schema = schema;
  }

  /** What is in the file, or undefined when there is none. @throws SightlineError SETTINGS_CORRUPT */
  async read(): Promise<z.output<T> | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw this.#corrupt('it could not be read', cause);
    }
    const json = parseJson(text);
    if (json === undefined) throw this.#corrupt('it is no JSON');
    const result = this.#schema.safeParse(json);
    if (result.success) return result.data;
    // Only where, and never what: the file holds passwords of cameras.
    const places = new Set(result.error.issues.map(({ path }) => path.map(String).join('.') || 'the whole'));
    throw this.#corrupt(`there is something else at ${[...places].join(', ')}`);
  }

  /** Writes what `content` gives when its turn comes, one write after the other. @throws SightlineError DATA_UNWRITABLE */
  write(content: () => z.input<T>): Promise<void> {
    const write = this.#written.then(() => this.#replace(`${JSON.stringify(content(), null, 2)}\n`));
    this.#written = write.catch(() => undefined);
    return write;
  }

  async #replace(text: string): Promise<void> {
    const temporary = `${this.#path}.new`;
    try {
      // One that a crash left behind may have other rights.
      await rm(temporary, { force: true });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (cause) {
      throw new SightlineError('DATA_UNWRITABLE', `Expected to write ${this.#path}: ${String(cause)}`, {
        cause,
      });
    }
  }

  #corrupt(reason: string, cause?: unknown): SightlineError {
    const message = `Expected settings in ${this.#path}, but ${reason}.`;
    return new SightlineError('SETTINGS_CORRUPT', message, { cause });
  }
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
