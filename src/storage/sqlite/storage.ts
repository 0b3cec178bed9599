import type { RevisionTopic, Storage } from '../../core/storage.js';
import { SqliteConnection } from './connection.js';
import { SqliteEmbeddingStore } from './face-rows.js';
import { SqliteCursorStore, SqliteEventStore } from './event-store.js';
import { SqliteHeadStore } from './head-store.js';
import { FileImport, type ImportSchemas } from './file-import.js';
import { SqlitePeopleStore } from './people-store.js';
import { SqliteCameraStore, SqliteSettingsStore, SqliteTokenStore } from './settings-stores.js';
import { SqliteTrackStore } from './track-store.js';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { SightlineError } from '../../core/errors.js';
import { storageError } from './file.js';

export interface SqliteStorageOptions {
  /** Path of the database. The file and its folder are created if missing. */
  readonly path: string;
  readonly importSchemas?: ImportSchemas | undefined;
  /** Called after everything was closed. */
  readonly onClose?: (() => void) | undefined;
}

/** The storage in one SQLite file, with write-ahead logging so that several processes can use it at once. */
export class SqliteStorage implements Storage {
  readonly people: SqlitePeopleStore;
  readonly embeddings: SqliteEmbeddingStore;
  readonly tracks: SqliteTrackStore;
  readonly events: SqliteEventStore;
  readonly cursors: SqliteCursorStore;
  readonly cameras: SqliteCameraStore;
  readonly settings: SqliteSettingsStore;
  readonly heads: SqliteHeadStore;
  readonly tokens: SqliteTokenStore;
  readonly #db: SqliteConnection;
  readonly #onClose: () => void;

  private constructor(db: SqliteConnection, files: FileImport, onClose: () => void) {
    this.#db = db;
    this.#onClose = onClose;
    this.people = new SqlitePeopleStore(db);
    this.embeddings = new SqliteEmbeddingStore(db);
    this.tracks = new SqliteTrackStore(db);
    this.events = new SqliteEventStore(db);
    this.cursors = new SqliteCursorStore(db);
    this.cameras = new SqliteCameraStore(db, files);
    this.settings = new SqliteSettingsStore(db, files);
    this.heads = new SqliteHeadStore(db, files);
    this.tokens = new SqliteTokenStore(db, files);
  }

  /** @throws SightlineError GALLERY_CORRUPT (the file is left as it is), DATA_UNWRITABLE, DISK_FULL */
  static async open(options: SqliteStorageOptions): Promise<SqliteStorage> {
    const db = new SqliteConnection(options.path);
    const files = new FileImport(db, options.path, options.importSchemas);
    await files.importAll();
    return new SqliteStorage(db, files, options.onClose ?? (() => undefined));
  }

  revision(topic: RevisionTopic): Promise<number> {
    return this.#db.attempt(() => this.#db.revision(topic));
  }

  isDiskFull(): boolean {
    return this.#db.isDiskFull();
  }

  close(): Promise<void> {
    return this.#db.close().finally(this.#onClose);
  }
}

/**
 * Locks a data folder for the one program that watches its cameras, until the returned function is called or the process
 * ends. The lock is SQLite's lock on an empty file, which the operating system releases when the process dies. The file
 * itself means nothing, so it may stay behind or be copied.
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
      const message = `The data folder ${folder} is in use: another \`sightline run\` watches cameras with it.`;
      throw new SightlineError('DATA_IN_USE', message, { cause: error });
    }
    throw storageError(path, error);
  }
}

/** Creates the file, and never opens an existing one: closing it would release a lock that this process holds on it. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
