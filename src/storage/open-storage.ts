import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '../core/storage.js';
import { lockDataFolder, SqliteStorage, type SqliteStorageOptions } from './sqlite/storage.js';
import { earlierFiles } from './sqlite/file-import.js';

const databaseFile = 'gallery.db';

export interface OpenStorageOptions extends Pick<SqliteStorageOptions, 'importSchemas'> {
  /** The folder that everything is kept in; created if missing. */
  readonly data: string;
  /** For the one program that watches the cameras of a data folder: a second one is rejected with DATA_IN_USE. */
  readonly exclusive?: boolean;
  /** False to leave a folder alone that nothing is kept in: what is opened then is empty, and gone with `close`. */
  readonly create?: boolean;
}

/**
 * Opens the storage of a data folder.
 * @throws SightlineError GALLERY_CORRUPT, DATA_IN_USE, DATA_UNWRITABLE, DISK_FULL
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { data, exclusive = false, create = true, ...rest } = options;
  if (!create && !isKeptIn(data)) return openEmpty();
  const unlock = exclusive ? lockDataFolder(data) : undefined;
  try {
    return await SqliteStorage.open({ ...rest, path: join(data, databaseFile), onClose: unlock });
  } catch (error) {
    unlock?.();
    throw error;
  }
}

/** A storage in a temporary folder, which goes with it. */
async function openEmpty(): Promise<Storage> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-empty-'));
  const onClose = (): void => rmSync(folder, { recursive: true, force: true });
  return SqliteStorage.open({ path: join(folder, databaseFile), onClose });
}

function isKeptIn(folder: string): boolean {
  return [databaseFile, ...earlierFiles].some((name) => existsSync(join(folder, name)));
}
