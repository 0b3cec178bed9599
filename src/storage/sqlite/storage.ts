import type { RevisionTopic, Storage } from '../../core/storage.js';
import { SqliteConnection } from './connection.js';
import { SqliteEmbeddingStore } from './embedding-store.js';
import { SqliteCursorStore, SqliteEventStore } from './event-store.js';
import { SqliteHeadStore } from './head-store.js';
import { FileImport, type ImportSchemas } from './file-import.js';
import { SqlitePeopleStore } from './people-store.js';
import { SqliteCameraStore, SqliteSettingsStore, SqliteTokenStore } from './settings-stores.js';
import { SqliteTrackStore } from './track-store.js';

export interface SqliteStorageOptions {
  /** Where the database is, made when missing, its folder too. */
  readonly path: string;
  readonly importSchemas?: ImportSchemas | undefined;
  /** Called when everything is closed. */
  readonly onClose?: (() => void) | undefined;
}

/** Everything in one SQLite file, with write-ahead logging, so that several processes can use it at once. */
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

  close(): Promise<void> {
    return this.#db.close().finally(this.#onClose);
  }
}
