import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { RevisionTopic } from '../../core/storage.js';
import { rewriteInThread } from './rewrite-thread.js';
import { openDatabase, storageError } from './file.js';

/** A row as SQLite returns it; blobs are ArrayBuffers. */
export type Row = Record<string, unknown>;

/** Rows read at a time. Reading and handling a portion blocks the main loop for a few milliseconds. */
const portion = 500;

/**
 * What a committed transaction survives. For `power cut` SQLite waits for the disk, which blocks the main loop for about
 * 4 ms; otherwise it leaves writing to the operating system (docs/adr/0011).
 */
type Durability = 'power cut' | 'end of the program';

/** An open database file, for the stores that share it. */
export class SqliteConnection {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #durability: Durability = 'power cut';
  #closing: Promise<void> | undefined;
  /** Pending while a thread rewrites the file, when nothing else can be written. Never rejects. */
  #rewriting: Promise<void> | undefined;

  /** @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path);
  }

  rows<T extends Row>(query: string, ...values: unknown[]): T[] {
    return this.#statement(query).all(values) as T[];
  }

  /** Runs a statement. @returns the number of rows changed and the id of the row inserted last */
  run(statement: string, ...values: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.#statement(statement).run(values);
  }

  /** Runs `work` and turns what it throws into an error of the catalogue. */
  attemptNow<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(this.#path, error);
    }
  }

  /** Like `attemptNow`, but rejects instead of throwing. SQLite is synchronous; the promise is part of the storage contract. */
  attempt<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.attemptNow(work)));
  }

  /**
   * Runs `work` in a transaction: all of it is written, or nothing. Once resolved, it survives a power cut. Starts at once
   * unless the file is being rewritten.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#transact(work, 'power cut');
  }

  /** Like `write`, for what cameras record: it survives the end of the program, but not every power cut. */
  record<T>(work: () => T): Promise<T> {
    return this.#transact(work, 'end of the program');
  }

  /** Like `write`, but leaves nothing of what was deleted in the log. Only `rewrite` removes every trace. */
  async erase<T>(work: () => T): Promise<T> {
    const result = await this.write(work);
    await this.#whenFree(() => this.#emptyLog());
    return result;
  }

  /**
   * Rewrites the file. Deleted data is overwritten in place, but SQLite moves rows between pages and may have left copies
   * behind; only rewriting removes those. It takes about 3 s for 1 GB. Writes wait meanwhile, here and in other
   * processes; reads do not.
   */
  async rewrite(): Promise<void> {
    while (this.#rewriting) await this.#rewriting;
    const rewriting = rewriteInThread(this.#path);
    const ended = (): void => void (this.#rewriting = undefined);
    this.#rewriting = rewriting.then(ended, ended);
    await rewriting.catch((error: unknown) => {
      throw storageError(this.#path, error);
    });
  }

  revision(topic: RevisionTopic): number {
    const query = 'SELECT value FROM counters WHERE name = ?';
    return this.rows<{ value: number }>(query, `${topic} revision`)[0]?.value ?? 0;
  }

  /** Call inside a `write`: increments the revisions of topics. @returns the revision of the last one */
  touch(...topics: readonly [...RevisionTopic[], RevisionTopic]): number {
    for (const topic of topics)
      this.run('UPDATE counters SET value = value + 1 WHERE name = ?', `${topic} revision`);
    return this.revision(topics.at(-1) as RevisionTopic);
  }

  /**
   * Reads a table in portions and lets the main loop run in between. Rows added meanwhile come last.
   *
   * @param query must be ordered by `sequence`; its first parameter is the sequence to continue after
   */
  async *portions<T extends Row & { sequence: number }>(
    query: string,
    ...values: unknown[]
  ): AsyncGenerator<T[]> {
    for (let last = 0; ; await nextTurn()) {
      const rows = await this.attempt(() => this.rows<T>(`${query} LIMIT ${portion}`, last, ...values));
      const newest = rows.at(-1);
      if (!newest) return;
      yield rows;
      last = newest.sequence;
    }
  }

  /** May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#whenFree(() => {
      try {
        this.#emptyLog();
      } finally {
        this.#database.close();
      }
    });
    return this.#closing;
  }

  #transact<T>(work: () => T, durability: Durability): Promise<T> {
    return this.#whenFree(() => {
      if (durability !== this.#durability) {
        this.#database.exec(`PRAGMA synchronous = ${durability === 'power cut' ? 'FULL' : 'NORMAL'}`);
        this.#durability = durability;
      }
      return this.#inTransaction(work);
    });
  }

  /** When the disk is full SQLite ends the transaction itself, and libsql's helper would hide that behind another error. */
  #inTransaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Like `attempt`, but waits for a rewrite of the file to end: SQLite would block the whole thread until then. */
  async #whenFree<T>(work: () => T): Promise<T> {
    while (this.#rewriting) await this.#rewriting;
    return this.attemptNow(work);
  }

  #statement(text: string): Database.Statement {
    const known = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  /** Moves the log's pages into the file; skipped while another process is reading. */
  #emptyLog(): void {
    this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }
}
