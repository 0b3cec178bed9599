import { join } from 'node:path';
import type { Storage } from '../core/storage.js';
import { lockDataFolder, SqliteStorage, type SqliteStorageOptions } from './sqlite/storage.js';

export interface OpenStorageOptions extends Pick<SqliteStorageOptions, 'importSchemas'> {
  /** The folder that everything is kept in; created if missing. */
  readonly data: string;
  /** For the one program that watches the cameras of a data folder: a second one is rejected with DATA_IN_USE. */
  readonly exclusive?: boolean;
}

/**
 * Opens the storage of a data folder.
 * @throws SightlineError GALLERY_CORRUPT, DATA_IN_USE, DATA_UNWRITABLE, DISK_FULL
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { data, exclusive = false, ...rest } = options;
  const unlock = exclusive ? lockDataFolder(data) : undefined;
  try {
    return await SqliteStorage.open({ ...rest, path: join(data, 'gallery.db'), onClose: unlock });
  } catch (error) {
    unlock?.();
    throw error;
  }
}
