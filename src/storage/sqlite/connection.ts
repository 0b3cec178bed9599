import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { RevisionTopic } from '../../core/storage.js';
import { rewriteInThread } from './rewrite-thread.js';
import { openDatabase, storageError } from './file.js';

/** Rows as SQLite gives them; blobs are ArrayBuffers. */
export type Row = Record<string, unknown>;

/** Rows read at a time: reading a portion and taking it in holds the main loop up for a few milliseconds. */
const portion = 500;

/**
 * What a transaction outlives. With `power cut` SQLite waits for the disk, about 4 ms of the main loop; without, it leaves
 * that to the operating system (docs/adr/0010).
 */
type Durability = 'power cut' | 'end of the program';

/** An open database file, for the stores that share it. */
export class SqliteConnection {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #durability: Durability = 'power cut';
  #closing: Promise<void> | undefined;
  /** While a thread writes the file anew; nothing else can be written then. Never rejects. */
  #rewriting: Promise<void> | undefined;

  /** @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path);
  }

  rows<T extends Row>(query: string, ...values: unknown[]): T[] {
    return this.#statement(query).all(values) as T[];
  }

  /** Runs a statement and says how many rows it changed, and the row id of what it inserted last. */
  run(statement: string, ...values: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.#statement(statement).run(values);
  }

  /** What goes wrong in `work`, as an error of the catalogue. */
  attemptNow<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(this.#path, error);
    }
  }

  /** As `attemptNow`, rejecting. SQLite answers at once; the promise is for stores that do not. */
  attempt<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.attemptNow(work)));
  }

  /**
   * All that `work` writes, or nothing of it. When this resolves, it survives a power cut. At once, unless the file is being
   * written anew.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#transact(work, 'power cut');
  }

  /** As `write`, for what cameras record by themselves: it survives the end of the program, but not every power cut. */
  record<T>(work: () => T): Promise<T> {
    return this.#transact(work, 'end of the program');
  }

  /** As `write`; leaves what was deleted in no log; `rewrite` leaves no trace at all. */
  async erase<T>(work: () => T): Promise<T> {
    const result = await this.write(work);
    await this.#whenFree(() => this.#emptyLog());
    return result;
  }

  /**
   * Writes the file anew. What was deleted is overwritten where it lay, but SQLite moves rows from page to page and may
   * have left a copy behind: only this leaves none. About 3 s for 1 GB, in which what is to be written waits, here and
   * in other processes; what is read does not.
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

  /** Part of a `write`: tells those who keep in memory what has changed. @returns the revision of the last topic */
  touch(...topics: readonly [...RevisionTopic[], RevisionTopic]): number {
    for (const topic of topics)
      this.run('UPDATE counters SET value = value + 1 WHERE name = ?', `${topic} revision`);
    return this.revision(topics.at(-1) as RevisionTopic);
  }

  /**
   * Reads a table in portions, with a turn of the main loop in between; what is added meanwhile comes last.
   *
   * @param query in the order of `sequence`; its first parameter is the sequence to go on after
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

  /** SQLite ends a transaction by itself when the disk is full; libsql's own helper would hide that behind a second error. */
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

  /** As `attempt`, once nothing writes the file anew: SQLite would hold up the whole thread until that is done. */
  async #whenFree<T>(work: () => T): Promise<T> {
    while (this.#rewriting) await this.#rewriting;
    return this.attemptNow(work);
  }

  #statement(text: string): Database.Statement {
    const known = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  /** Moves the log's pages into the file; left for later when another process is reading. */
  #emptyLog(): void {
    this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }
}
