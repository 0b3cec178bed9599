import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheUnwritable, isWriteFailure } from './write-failure.js';

/** Begins the names of folders in which a fetch works, in the cache. */
const temporaryPrefix = '.fetch-';
/** A fetch that was killed leaves its folder behind; none takes this long. */
const staleAfterMs = 24 * 60 * 60 * 1000;

/**
 * Works in a new folder that is removed afterwards. It is inside the cache, so that a rename from there is atomic.
 *
 * @throws SightlineError MODEL_CACHE_UNWRITABLE, and whatever `work` throws
 */
export function inTemporaryFolder(cacheDir: string, work: (folder: string) => Promise<void>): Promise<void> {
  return writing(cacheDir, async () => {
    await mkdir(cacheDir, { recursive: true });
    await removeStaleFolders(cacheDir);
    const folder = await mkdtemp(join(cacheDir, temporaryPrefix));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function removeStaleFolders(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const folder = join(cacheDir, name);
    const found = await stat(folder).catch(() => null);
    if (found && Date.now() - found.mtimeMs > staleAfterMs)
      await rm(folder, { recursive: true, force: true });
  }
}

/** Does something to the cache; @throws SightlineError MODEL_CACHE_UNWRITABLE when the file system refuses. */
export async function writing(cacheDir: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw isWriteFailure(error) ? cacheUnwritable(cacheDir, error) : error;
  }
}
