import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * How much room is kept: what the largest transaction of an erasure writes to the log (a thousand events, or twenty
 * pictures, are below 2 MB), and SQLite's own files once more.
 */
const reserveBytes = 4 * 1024 * 1024;
const chunkBytes = 64 * 1024;

/**
 * A file that only takes up room beside a database. Deleting anything needs room first, because SQLite writes the changed
 * pages to its log; on a full disk this file is removed to make that room.
 */
export class DiskReserve {
  readonly #path: string;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-reserve`;
  }

  /** Whether the disk has less room than for the whole reserve and as much again. */
  isDiskFull(): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    return bavail * bsize + this.#size() < 2 * reserveBytes;
  }

  /**
   * Makes the file as large as it should be, or as large as the disk allows. It holds random bytes, because a file system
   * that compresses would keep no room for zeros.
   */
  fill(): void {
    let size = this.#size();
    if (size >= reserveBytes) return;
    let file: number | undefined;
    try {
      file = openSync(this.#path, 'a', 0o600);
      while (size < reserveBytes) size += writeSync(file, randomBytes(chunkBytes));
    } catch {
      // A smaller reserve is better than none, and whatever else keeps this file from being written is told by the database.
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Gives the room back to the disk. @returns whether there was any */
  release(): boolean {
    const hasRoom = this.#size() > 0;
    rmSync(this.#path, { force: true });
    return hasRoom;
  }

  #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }
}
