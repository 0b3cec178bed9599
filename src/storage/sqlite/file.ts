import { chmodSync, existsSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { asSightlineError, SightlineError } from '../../core/errors.js';
import { applicationId, migrations } from './schema.js';

/** How long to wait for another process that is writing. */
export const busyTimeoutMs = 5000;

/** Of the 100 bytes at the start of a SQLite file (https://www.sqlite.org/fileformat2.html#the_database_header). */
const header = {
  bytes: 100,
  magic: 'SQLite format 3\0',
  pageSize: 16,
  pageCount: 28,
  userVersion: 60,
  applicationId: 68,
};

/**
 * Opens our database, made when missing, with the newest schema. The file and its folder are readable by the owner
 * only.
 *
 * @throws SightlineError GALLERY_CORRUPT for a file that is damaged or not ours, which is left byte for byte as it
 * is; DATA_UNWRITABLE
 */
export function openDatabase(path: string): Database.Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    checkHeader(path);
    const database = new Database(path, { timeout: busyTimeoutMs });
    try {
      prepare(database);
      restrictToOwner(path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storageError(path, error);
  }
}

/** What went wrong with the database, as an error of the catalogue. */
export function storageError(path: string, error: unknown): SightlineError {
  if (error instanceof SightlineError || !(error instanceof Error)) return asSightlineError(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return corrupt(path, error.message, error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    const message = `Expected room on the disk to write ${path} but received: ${error.message}`;
    return new SightlineError('DISK_FULL', message, { cause: error });
  }
  if (/^SQLITE_|^E[A-Z]+$/.test(code) || error.message.startsWith('ConnectionFailed')) {
    const message = `Expected to read and write ${path} but received: ${error.message}`;
    return new SightlineError('DATA_UNWRITABLE', message, { cause: error });
  }
  return asSightlineError(error);
}

function corrupt(path: string, what: string, cause?: unknown): SightlineError {
  return new SightlineError('GALLERY_CORRUPT', `Expected ${path} to be a gallery but received: ${what}`, {
    cause,
  });
}

/**
 * Descriptors of the databases that this process has opened, by device and inode. They stay open for as long as it runs:
 * closing any descriptor of a file gives up every lock that the process holds on it, those of SQLite included, and a
 * second process would then write to the same pages (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
const descriptors = new Map<string, number>();

/** A descriptor to read a database by, which is made when missing. It is not to be closed. */
function descriptorOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  const known = found && descriptors.get(`${found.dev} ${found.ino}`);
  if (known !== undefined) return known;
  // SQLite gives the files that it puts beside this one the same mode.
  const descriptor = openSync(path, 'a+', 0o600);
  const { dev, ino } = fstatSync(descriptor);
  descriptors.set(`${dev} ${ino}`, descriptor);
  return descriptor;
}

/** Looks at the file before SQLite does, because SQLite may write to whatever it opens. An empty file is a new one. */
function checkHeader(path: string): void {
  const descriptor = descriptorOf(path);
  const { size } = fstatSync(descriptor);
  if (size === 0) return;
  const bytes = Buffer.alloc(header.bytes);
  readSync(descriptor, bytes, 0, header.bytes, 0);
  const problem = headerProblem(bytes, size, hasPendingWrites(path));
  if (problem) throw corrupt(path, problem);
}

function headerProblem(bytes: Buffer, size: number, pendingWrites: boolean): string | undefined {
  if (bytes.toString('latin1', 0, header.magic.length) !== header.magic)
    return 'a file that is no SQLite database';
  if (size < header.bytes) return `a file cut off after ${size} bytes`;
  if (bytes.readUInt32BE(header.applicationId) !== applicationId)
    return 'a SQLite database of another program';
  const version = bytes.readUInt32BE(header.userVersion);
  if (version > migrations.length) {
    return `a gallery of a newer Sightline (version ${version}, this one knows ${migrations.length})`;
  }
  const expected = bytes.readUInt16BE(header.pageSize) * bytes.readUInt32BE(header.pageCount);
  if (size < expected && !pendingWrites) return `a file cut off after ${size} of ${expected} bytes`;
  return undefined;
}

/** Whether SQLite's journal holds pages that belong into the file: then its size says nothing. */
function hasPendingWrites(path: string): boolean {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return (log?.size ?? 0) > 0 || existsSync(`${path}-journal`);
}

function prepare(database: Database.Database): void {
  // Before anything else: a damaged first page shows here, and reading writes nothing.
  database.prepare('SELECT count(*) FROM sqlite_schema').all();
  database.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;');
  if (userVersion(database) < migrations.length) migrate(database);
  database.exec('PRAGMA foreign_keys = ON');
  database.pragma('journal_mode = WAL');
  // libsql leaves a read transaction behind, which lasts until the next read: the log could not be emptied.
  userVersion(database);
}

/**
 * All in one transaction, and for a new file before write-ahead logging begins: the file is either empty or complete,
 * whenever the process is killed. Foreign keys are off meanwhile: a table that is made anew under its old name would take
 * along what refers to it.
 */
function migrate(database: Database.Database): void {
  database.exec('PRAGMA foreign_keys = OFF');
  database
    .transaction(() => {
      const done = userVersion(database);
      if (done === 0) database.exec(`PRAGMA application_id = ${applicationId}`);
      for (const migration of migrations.slice(done)) database.exec(migration);
      database.exec(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

function userVersion(database: Database.Database): number {
  const [row] = database.prepare('PRAGMA user_version').all() as { user_version: number }[];
  return row?.user_version ?? 0;
}

/** Takes rights from other users that an older or copied file may give. */
function restrictToOwner(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
}
