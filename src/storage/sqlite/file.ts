import { chmodSync, existsSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { asSightlineError, SightlineError } from '../../core/errors.js';
import { applicationId, migrations } from './schema.js';

/** How long to wait for another process that is writing. */
export const busyTimeoutMs = 5000;

/** Offsets in the SQLite header (https://www.sqlite.org/fileformat2.html#the_database_header). */
const header = {
  bytes: 100,
  magic: 'SQLite format 3\0',
  pageSize: 16,
  pageCount: 28,
  userVersion: 60,
  applicationId: 68,
};

/**
 * Opens the database with the newest schema, and creates it if it is missing. Only the owner can read the file and its
 * folder.
 *
 * @throws SightlineError GALLERY_CORRUPT for a file that is damaged or not Sightline's, which is left unchanged;
 * DATA_UNWRITABLE
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

/** Turns an error of the database or the file system into one of the catalogue. */
export function storageError(path: string, error: unknown): SightlineError {
  if (error instanceof SightlineError || !(error instanceof Error)) return asSightlineError(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return corrupt(path, error.message, error);
  if (['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC'].includes(code)) {
    const message = `There is no room on the disk to write ${path}: ${error.message}`;
    return new SightlineError('DISK_FULL', message, { cause: error });
  }
  if (/^SQLITE_|^E[A-Z]+$/.test(code) || error.message.startsWith('ConnectionFailed')) {
    const message = `${path} cannot be read and written: ${error.message}`;
    return new SightlineError('DATA_UNWRITABLE', message, { cause: error });
  }
  return asSightlineError(error);
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof SightlineError && error.code === 'DISK_FULL';
}

function corrupt(path: string, what: string, cause?: unknown): SightlineError {
  return new SightlineError('GALLERY_CORRUPT', `${path} is not a usable gallery: ${what}`, {
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

/** Checks the file before SQLite opens it, because SQLite may write to it. An empty file counts as new. */
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
    return 'a file that is not a SQLite database';
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

/** Whether SQLite's journal holds pages that are not in the file yet; the file's size means nothing then. */
function hasPendingWrites(path: string): boolean {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return (log?.size ?? 0) > 0 || existsSync(`${path}-journal`);
}

function prepare(database: Database.Database): void {
  // First, because this finds a damaged first page without writing anything.
  database.prepare('SELECT count(*) FROM sqlite_schema').all();
  database.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;');
  if (userVersion(database) < migrations.length) migrate(database);
  database.exec('PRAGMA foreign_keys = ON');
  database.pragma('journal_mode = WAL');
  // libsql leaves a read transaction open until the next read, which would keep the log from being emptied.
  userVersion(database);
}

/**
 * Migrates in one transaction, and for a new file before write-ahead logging begins, so that the file is either empty or
 * complete whenever the process is killed. Foreign keys are off meanwhile, because replacing a table would otherwise
 * delete the rows that refer to it.
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

/** Removes access rights of other users, which an older or copied file may have. */
function restrictToOwner(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
}
