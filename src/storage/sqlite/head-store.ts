import { createHash } from 'node:crypto';
import { SightlineError } from '../../core/errors.js';
import type { Head, HeadByKind, HeadKind, HeadStore, ProjectionNetwork } from '../../core/heads.js';
import type { Row, SqliteConnection } from './connection.js';
import type { FileImport } from './file-import.js';
import { headSchemas } from './head-schema.js';

interface HeadRow extends Row {
  head: string;
  network: ArrayBuffer | null;
}

/** The trained heads in the database. */
export class SqliteHeadStore implements HeadStore {
  readonly #db: SqliteConnection;
  readonly #files: FileImport;

  constructor(db: SqliteConnection, files: FileImport) {
    this.#db = db;
    this.#files = files;
  }

  async load<K extends HeadKind>(kind: K): Promise<HeadByKind[K] | null> {
    return ((await this.#read(kind))?.head ?? null) as HeadByKind[K] | null;
  }

  async projection(): Promise<ProjectionNetwork | null> {
    return (await this.#read('projection')) as ProjectionNetwork | null;
  }

  async save(head: Head, network: Uint8Array | null): Promise<void> {
    await this.#db.write(() => {
      saveHead(this.#db, head, network);
      this.#db.touch('heads');
    });
    await this.#files.discardHead(head.kind);
  }

  has(kind: HeadKind): Promise<boolean> {
    return this.#db.attempt(
      () => this.#files.hasHead(kind) || this.#db.rows('SELECT 1 FROM heads WHERE kind = ?', kind).length > 0,
    );
  }

  async remove(kind: HeadKind): Promise<boolean> {
    const wasOn = await this.has(kind);
    await this.#files.discardHead(kind);
    await this.#db.erase(() => {
      this.#db.run('DELETE FROM heads WHERE kind = ?', kind);
      if (wasOn) this.#db.touch('heads');
    });
    return wasOn;
  }

  async #read(kind: HeadKind): Promise<{ head: Head; network: Uint8Array | null } | null> {
    await this.#files.importHead(kind);
    return this.#db.attempt(() => {
      const query = 'SELECT head, network FROM heads WHERE kind = ?';
      const [row] = this.#db.rows<HeadRow>(query, kind);
      if (row === undefined) return null;
      const network = row.network === null ? null : new Uint8Array(row.network);
      return { head: readHead(kind, row.head, network, 'the gallery'), network };
    });
  }
}

/** Part of a `write`. */
export function saveHead(db: SqliteConnection, head: Head, network: Uint8Array | null): void {
  db.run('INSERT OR REPLACE INTO heads VALUES (?, ?, ?)', head.kind, JSON.stringify(head), network);
}

/**
 * A head as it was written.
 *
 * @param place where it stands, for people
 * @throws SightlineError HEAD_CORRUPT when it is damaged, or a projection and its network are not of one training
 */
export function readHead(kind: HeadKind, text: string, network: Uint8Array | null, place: string): Head {
  const corrupt = (received: string, cause?: unknown): SightlineError => {
    const message = `Expected a trained ${kind} head in ${place} but received ${received}`;
    return new SightlineError('HEAD_CORRUPT', message, { cause });
  };
  let head: Head;
  try {
    head = headSchemas[kind].parse(JSON.parse(text));
  } catch (error) {
    throw corrupt('something else', error);
  }
  if (head.kind !== 'projection') return head;
  if (network === null) throw corrupt('no network beside it');
  if (!createHash('sha256').update(network).digest('hex').startsWith(head.hash))
    throw corrupt('the network of another training beside it');
  return head;
}
