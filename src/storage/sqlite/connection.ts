import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { SightlineError } from '../../core/errors.js';
import type { RevisionTopic } from '../../core/storage.js';
import { rewritesDue } from './rewrite-protocol.js';
import { rewriteInThread } from './rewrite-thread.js';
import { DiskReserve } from './disk-reserve.js';
import { isDiskFull, openDatabase, storageError } from './file.js';

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
  readonly #reserve: DiskReserve;
  readonly #statements = new Map<string, Database.Statement>();
  #durability: Durability = 'power cut';
  #closing: Promise<void> | undefined;
  /** Pending while a thread rewrites the file, when nothing else can be written. Never rejects. */
  #rewriting: Promise<void> | undefined;
  /** Whether something could not be written for want of room, and there has been none since. */
  #isFull = false;

  /** @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE, DISK_FULL */
  constructor(path: string) {
    this.#path = path;
    this.#reserve = new DiskReserve(path);
    this.#database = this.#open();
    this.#reserve.fill();
  }

  /** Whether writing failed because the disk is full. False again as soon as there is room. */
  isDiskFull(): boolean {
    if (this.#isFull && !this.#reserve.isDiskFull()) {
      this.#isFull = false;
      this.#reserve.fill();
    }
    return this.#isFull;
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
      throw this.#told(error);
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

  /** Like `write`, but leaves nothing of what was deleted in the log. Only a rewrite removes every trace. */
  async erase<T>(work: () => T): Promise<T> {
    const result = await this.withReserve(() => this.write(work));
    await this.withReserve(() => this.#whenFree(() => this.#emptyLog()));
    return result;
  }

  /**
   * Runs `erasing`, which deletes something by `write` and `record`. When it fails because the disk is full, it runs once
   * more with the room that is kept for this, and with a log that stays short.
   */
  async withReserve<T>(erasing: () => Promise<T>): Promise<T> {
    try {
      return await erasing();
    } catch (error) {
      if (!isDiskFull(error) || !this.#reserve.release()) throw error;
    }
    try {
      await this.#whenFree(() => this.#emptyLog());
      this.#database.exec('PRAGMA wal_autocheckpoint = 1');
      return await erasing();
    } finally {
      this.#database.exec('PRAGMA wal_autocheckpoint = 1000');
      await this.#whenFree(() => this.#emptyLog()).finally(() => this.#reserve.fill());
    }
  }

  /** Call inside a `write` that deletes: rewriting the file is due from now on, whatever becomes of this process. */
  requireRewrite(): void {
    this.run(
      `INSERT INTO counters (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1`,
      rewritesDue,
    );
  }

  /** Makes up for a rewrite that a full disk or the end of a process has prevented. */
  async rewriteIfDue(): Promise<void> {
    const due = await this.attempt(() => this.rows('SELECT 1 FROM counters WHERE name = ?', rewritesDue));
    if (due.length > 0) await this.#rewrite();
  }

  /** Rewrites the file, unless the disk is full: then it stays due. */
  async rewriteOrLater(): Promise<void> {
    try {
      await this.#rewrite();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
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
        this.#reserve.fill();
      }
    });
    return this.#closing;
  }

  /** Opening takes room too, for the index of the log. */
  #open(): Database.Database {
    try {
      return openDatabase(this.#path);
    } catch (error) {
      if (!isDiskFull(error) || !this.#reserve.release()) throw error;
      return openDatabase(this.#path);
    }
  }

  /** The error of the catalogue for what SQLite threw; a full disk is remembered. */
  #told(error: unknown): SightlineError {
    const told = storageError(this.#path, error);
    if (isDiskFull(told)) this.#isFull = true;
    return told;
  }

  /**
   * Deleted data is overwritten in place, but SQLite moves rows between pages and may have left copies behind; only
   * rewriting the file removes those. It takes about 3 s for 1 GB, and as much room again as the file. Writes wait
   * meanwhile, here and in other processes; reads do not.
   */
  async #rewrite(): Promise<void> {
    while (this.#rewriting) await this.#rewriting;
    const rewriting = rewriteInThread(this.#path);
    const ended = (): void => void (this.#rewriting = undefined);
    this.#rewriting = rewriting.then(ended, ended);
    await rewriting.catch((error: unknown) => {
      throw this.#told(error);
    });
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
