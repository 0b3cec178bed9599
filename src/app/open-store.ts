import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SightlineError } from '../core/errors.js';
import { workerUrl } from '../core/worker-url.js';
import { SqliteGalleryStore } from '../storage/sqlite/gallery-store.js';

/** Opens the gallery's file, in a folder made when missing. @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE */
export async function openStore(dataDir: string): Promise<SqliteGalleryStore> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SightlineError('DATA_UNWRITABLE', `Expected a folder at ${dataDir}: ${String(error)}`, {
      cause: error,
    });
  }
  return new SqliteGalleryStore(join(dataDir, 'gallery.db'), workerUrl('rewrite'));
}
