import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { headKinds, type HeadKind } from '../../core/heads.js';
import type { SqliteConnection } from './connection.js';
import { readHead, saveHead } from './head-store.js';
import { keepToken, saveCamera, saveSettings } from './settings-stores.js';

/** The schemas of the files' contents. They come from the readers, because the storage does not know them. */
export interface ImportSchemas {
  readonly cameraEntry: z.ZodType;
  readonly recognitionSettings: z.ZodType;
}

/** What earlier versions kept beside the database. */
export const earlierFiles = ['cameras.json', 'settings.json', 'token', 'heads'];

type SettingsFileName = 'cameras.json' | 'settings.json' | 'token';

/** The name that the token from the file is stored under. */
const tokenName = 'owner';
/** A shorter text is a truncated file, not a token. */
const leastTokenLength = 16;

/**
 * Imports the files that earlier versions kept beside the database: cameras.json, settings.json, token, and the heads in
 * heads/.
 *
 * One transaction stores a file's contents and a mark that it was imported; then the file is removed, and then the mark.
 * If the process is killed in between, the mark prevents a second import. A damaged file stays as it is, and whatever
 * needs its contents fails with an error.
 */
export class FileImport {
  readonly #db: SqliteConnection;
  readonly #folder: string;
  readonly #cameras: z.ZodType<{ cameras: Record<string, unknown> }>;
  readonly #settings: z.ZodType<{ recognition: unknown }>;

  /** @param databasePath path of the database; the files are in the same folder */
  constructor(db: SqliteConnection, databasePath: string, schemas?: ImportSchemas) {
    const entry = schemas?.cameraEntry ?? z.unknown();
    const recognition = schemas?.recognitionSettings ?? z.unknown();
    this.#db = db;
    this.#folder = dirname(databasePath);
    this.#cameras = z.strictObject({ version: z.literal(1), cameras: z.record(z.string(), entry) });
    this.#settings = z.strictObject({ version: z.literal(1), recognition });
  }

  /** Imports what can be imported. `import` and `importHead` try again later and throw the reason if they fail. */
  async importAll(): Promise<void> {
    const imports = [
      ...(['cameras.json', 'settings.json', 'token'] as const).map((name) => () => this.import(name)),
      ...headKinds.map((kind) => () => this.importHead(kind)),
    ];
    for (const run of imports) await run().catch(() => undefined);
  }

  /** @throws SightlineError SETTINGS_CORRUPT, DATA_UNWRITABLE, DISK_FULL */
  import(name: SettingsFileName): Promise<void> {
    const path = join(this.#folder, name);
    switch (name) {
      case 'cameras.json':
        return this.#move([path], ([text]) => {
          const { cameras } = parseSettings(path, this.#cameras, text);
          for (const [id, camera] of Object.entries(cameras)) saveCamera(this.#db, id, camera);
          this.#db.touch('cameras');
        });
      case 'settings.json':
        return this.#move([path], ([text]) => {
          saveSettings(this.#db, 'recognition', parseSettings(path, this.#settings, text).recognition);
          this.#db.touch('settings');
        });
      case 'token':
        return this.#move([path], ([text]) => {
          const token = text.toString('utf8').trim();
          if (token.length >= leastTokenLength) keepToken(this.#db, tokenName, token);
        });
    }
  }

  /** @throws SightlineError HEAD_CORRUPT, DATA_UNWRITABLE, DISK_FULL */
  importHead(kind: HeadKind): Promise<void> {
    const paths = this.#headPaths(kind);
    return this.#move(paths, ([text, network]) => {
      saveHead(this.#db, readHead(kind, text.toString('utf8'), network ?? null, paths[0]), network ?? null);
      this.#db.touch('heads');
    });
  }

  /** Whether a head's file is still there because it could not be imported. */
  hasHead(kind: HeadKind): boolean {
    return existsSync(this.#headPaths(kind)[0]);
  }

  /** Removes a head's files, because the head was replaced or switched off. */
  discardHead(kind: HeadKind): Promise<void> {
    return this.#db.attempt(() => {
      if (this.hasHead(kind)) removeForGood(this.#headPaths(kind));
    });
  }

  #headPaths(kind: HeadKind): readonly [main: string, ...rest: string[]] {
    const heads = join(this.#folder, 'heads');
    const main = join(heads, `${kind}.json`);
    return kind === 'projection' ? [main, join(heads, 'projection.onnx')] : [main];
  }

  /** @param paths if the first one does not exist, there is nothing to import */
  async #move(
    paths: readonly [main: string, ...rest: string[]],
    save: (contents: readonly [main: Buffer, ...rest: (Buffer | undefined)[]]) => void,
  ): Promise<void> {
    const [main, ...rest] = paths;
    if (!existsSync(main)) return;
    await this.#db.write(() => {
      if (this.#db.rows('SELECT 1 FROM imported_files WHERE path = ?', this.#mark(main)).length > 0) return;
      const content = readIfThere(main);
      // Another process has imported it already.
      if (content === undefined) return;
      save([content, ...rest.map(readIfThere)]);
      this.#db.run('INSERT INTO imported_files VALUES (?)', this.#mark(main));
    });
    await this.#db.attempt(() => removeForGood(paths));
    await this.#db.write(() => this.#db.run('DELETE FROM imported_files WHERE path = ?', this.#mark(main)));
  }

  /** The name of the mark: relative, so that the data folder can be moved. */
  #mark(path: string): string {
    return path.slice(this.#folder.length + 1);
  }
}

function parseSettings<T>(path: string, schema: z.ZodType<T>, content: Buffer): T {
  const corrupt = (reason: string): SightlineError =>
    new SightlineError('SETTINGS_CORRUPT', `The settings in ${path} cannot be read: ${reason}.`);
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch {
    throw corrupt('it is not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  // Names the place and never the value: the file may hold camera passwords.
  const places = new Set(result.error.issues.map((issue) => issue.path.map(String).join('.') || 'the whole'));
  throw corrupt(`there is something else at ${[...places].join(', ')}`);
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes files, the first one last because it stands for all of them, and survives a power cut. */
function removeForGood(paths: readonly [main: string, ...rest: string[]]): void {
  for (const path of [...paths].reverse()) rmSync(path, { force: true });
  const folder = dirname(paths[0]);
  syncFolder(folder);
  if (!folder.endsWith('heads')) return;
  try {
    rmdirSync(folder);
  } catch {
    // The folder still holds other heads.
  }
}

/** Flushes a folder to disk. Windows cannot open folders and does not need this. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
