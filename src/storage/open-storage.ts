import { join } from 'node:path';
import type { Storage } from '../core/storage.js';
import { lockDataFolder } from './sqlite/data-lock.js';
import { SqliteStorage, type SqliteStorageOptions } from './sqlite/storage.js';

export interface OpenStorageOptions extends Pick<SqliteStorageOptions, 'importSchemas'> {
  /** Folder that everything is kept in; made when missing. */
  readonly data: string;
  /** For the one program that watches the cameras of a data folder: a second one is refused. */
  readonly exclusive?: boolean;
}

/**
 * Opens what Sightline keeps.
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
