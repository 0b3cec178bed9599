import { SightlineError } from '../../core/errors.js';
import type { CameraEntry, CameraStore, SettingsStore, TokenStore } from '../../core/storage.js';
import type { SqliteConnection } from './connection.js';
import type { FileImport } from './file-import.js';

/** Camera settings changed while the program ran, in the database. */
export class SqliteCameraStore implements CameraStore {
  readonly #db: SqliteConnection;
  readonly #files: FileImport;

  constructor(db: SqliteConnection, files: FileImport) {
    this.#db = db;
    this.#files = files;
  }

  async list(): Promise<CameraEntry[]> {
    await this.#files.import('cameras.json');
    return this.#db.attempt(() =>
      this.#db
        .rows<{ id: string; entry: string }>('SELECT id, entry FROM cameras ORDER BY id')
        .map(({ id, entry }) => ({ id, entry: parse(entry, `camera ${id}`) })),
    );
  }

  async save({ id, entry }: CameraEntry): Promise<void> {
    await this.#files.import('cameras.json');
    await this.#db.write(() => {
      saveCamera(this.#db, id, entry);
      this.#db.touch('cameras');
    });
  }

  async remove(id: string): Promise<boolean> {
    await this.#files.import('cameras.json');
    return this.#db.write(() => {
      const removed = this.#db.run('DELETE FROM cameras WHERE id = ?', id).changes > 0;
      if (removed) this.#db.touch('cameras');
      return removed;
    });
  }
}

/** Settings in the database. */
export class SqliteSettingsStore implements SettingsStore {
  readonly #db: SqliteConnection;
  readonly #files: FileImport;

  constructor(db: SqliteConnection, files: FileImport) {
    this.#db = db;
    this.#files = files;
  }

  async load(group: string): Promise<unknown> {
    await this.#files.import('settings.json');
    return this.#db.attempt(() => {
      const query = 'SELECT value FROM settings WHERE name = ?';
      const [row] = this.#db.rows<{ value: string }>(query, group);
      return row && parse(row.value, `the settings of ${group}`);
    });
  }

  async save(group: string, settings: unknown): Promise<void> {
    await this.#files.import('settings.json');
    await this.#db.write(() => {
      saveSettings(this.#db, group, settings);
      this.#db.touch('settings');
    });
  }
}

/** Access tokens in the database. */
export class SqliteTokenStore implements TokenStore {
  readonly #db: SqliteConnection;
  readonly #files: FileImport;

  constructor(db: SqliteConnection, files: FileImport) {
    this.#db = db;
    this.#files = files;
  }

  async keep(name: string, token: string): Promise<string> {
    await this.#files.import('token');
    return this.#db.write(() => keepToken(this.#db, name, token));
  }
}

/** Call inside a `write`. */
export function saveCamera(db: SqliteConnection, id: string, entry: unknown): void {
  db.run('INSERT OR REPLACE INTO cameras VALUES (?, ?)', id, JSON.stringify(entry));
}

/** Call inside a `write`. */
export function saveSettings(db: SqliteConnection, group: string, settings: unknown): void {
  db.run('INSERT OR REPLACE INTO settings VALUES (?, ?)', group, JSON.stringify(settings));
}

/** Call inside a `write`. @returns the token that is stored under the name */
export function keepToken(db: SqliteConnection, name: string, token: string): string {
  db.run('INSERT OR IGNORE INTO tokens VALUES (?, ?)', name, token);
  const [row] = db.rows<{ token: string }>('SELECT token FROM tokens WHERE name = ?', name);
  return row?.token ?? token;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The text is not repeated, because it may hold camera passwords.
    throw new SightlineError('SETTINGS_CORRUPT', `The stored JSON for ${what} cannot be read.`);
  }
}
