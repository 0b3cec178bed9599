import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { SightlineError } from '../../core/errors.js';
import { storageError } from './file.js';

/**
 * Holds a data folder for the one program that watches its cameras, until the returned function is called or the process
 * ends, however it ends. The lock is one of SQLite's on an empty file, which the operating system takes back; the file says
 * nothing, so it may stay behind, or be copied.
 *
 * @throws SightlineError DATA_IN_USE, DATA_UNWRITABLE, DISK_FULL
 */
export function lockDataFolder(folder: string): () => void {
  const path = join(folder, 'run.lock');
  let database: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makeFile(path);
    const lock = new Database(path, { timeout: 0 });
    database = lock;
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
    return () => void lock.close();
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') {
      const message = `Expected the data folder ${folder} to be free, but another \`sightline run\` watches cameras with it.`;
      throw new SightlineError('DATA_IN_USE', message, { cause: error });
    }
    throw storageError(path, error);
  }
}

/** Never opens a file that is there: closing it again would give up the lock that this process may hold on it. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
