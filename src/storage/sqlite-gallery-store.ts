import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { ModelRef, Person } from '../core/face.js';
import type {
  GalleryEntry,
  GalleryFace,
  GalleryPerson,
  GalleryStore,
  ModelCount,
  NewFace,
} from '../core/gallery-store.js';
import { toEntry, toFace, type EntryRow, type FaceRow, type Row } from './gallery-rows.js';
import { openDatabase, storageError } from './sqlite-file.js';

/** Embeddings read at a time: reading a portion and taking it in holds the main loop up for a few milliseconds. */
const portion = 500;

/** The gallery in one SQLite file, with write-ahead logging, so that several processes can use it at once. */
export class SqliteGalleryStore implements GalleryStore {
  readonly #path: string;
  readonly #database: Database.Database;
  #dataVersion: number;
  #closed = false;

  /**
   * Opens the gallery, made when missing.
   *
   * @param path of the file; its folder is made when missing
   * @throws SightlineError GALLERY_CORRUPT (the file is left as it is), DATA_UNWRITABLE
   */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path);
    this.#dataVersion = this.#readDataVersion();
  }

  persons(): Promise<GalleryPerson[]> {
    return this.#attempt(() =>
      this.#rows<{ id: string; name: string; created_at: number; faces: number }>(
        `SELECT id, name, created_at, (SELECT count(*) FROM faces WHERE person_id = persons.id) AS faces
         FROM persons ORDER BY name`,
      ).map(({ id, name, faces, created_at }) => ({ id, name, faces, createdAt: created_at })),
    );
  }

  faces(personId: string): Promise<GalleryFace[]> {
    return this.#attempt(() =>
      this.#rows<FaceRow>('SELECT * FROM faces WHERE person_id = ? ORDER BY sequence', personId).map(toFace),
    );
  }

  chipPng(faceId: string): Promise<Uint8Array | undefined> {
    return this.#attempt(() => {
      const [row] = this.#rows<{ png: ArrayBuffer }>(
        'SELECT png FROM chips JOIN faces ON sequence = face_sequence WHERE id = ?',
        faceId,
      );
      return row && new Uint8Array(row.png);
    });
  }

  addFace(name: string, face: NewFace): Promise<{ person: Person; face: GalleryFace; added: boolean }> {
    return this.#write(() => {
      const person = this.#personNamed(name);
      const known = this.#photo(person.id, face.photoHash);
      if (known) return { person, face: known, added: false };
      this.#insertFace(person.id, face);
      return { person, face: this.#photo(person.id, face.photoHash) as GalleryFace, added: true };
    });
  }

  removeFace(faceId: string): Promise<boolean> {
    return this.#erase('DELETE FROM faces WHERE id = ?', faceId);
  }

  removePerson(personId: string): Promise<boolean> {
    return this.#erase('DELETE FROM persons WHERE id = ?', personId);
  }

  async *entries(model: ModelRef): AsyncGenerator<readonly GalleryEntry[]> {
    for (let last = 0; ; await nextTurn()) {
      const rows = await this.#attempt(() => this.#entryRows(model, last));
      if (rows.length > 0) yield rows.map(toEntry);
      if (rows.length < portion) return;
      last = rows.at(-1)?.sequence ?? last;
    }
  }

  modelCounts(): Promise<ModelCount[]> {
    return this.#attempt(() =>
      this.#rows<{ model_id: string; model_version: string; faces: number }>(
        'SELECT model_id, model_version, count(*) AS faces FROM embeddings GROUP BY model_id, model_version',
      ).map(({ model_id, model_version, faces }) => ({
        model: { id: model_id, version: model_version },
        faces,
      })),
    );
  }

  changedElsewhere(): Promise<boolean> {
    return this.#attempt(() => {
      const before = this.#dataVersion;
      this.#dataVersion = this.#readDataVersion();
      return this.#dataVersion !== before;
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return this.#attempt(() => {
      this.#emptyLog();
      this.#database.close();
    });
  }

  #entryRows(model: ModelRef, after: number): EntryRow[] {
    return this.#rows<EntryRow>(
      `SELECT sequence, faces.id AS face_id, persons.id AS person_id, name, vector
       FROM embeddings JOIN faces ON sequence = face_sequence JOIN persons ON persons.id = person_id
       WHERE face_sequence > ? AND model_id = ? AND model_version = ? ORDER BY face_sequence LIMIT ${portion}`,
      after,
      model.id,
      model.version,
    );
  }

  #personNamed(name: string): Person {
    const [known] = this.#rows<{ id: string }>('SELECT id FROM persons WHERE name = ?', name);
    if (known) return { id: known.id, name };
    const id = randomUUID();
    this.#run('INSERT INTO persons (id, name, created_at) VALUES (?, ?, ?)', id, name, Date.now());
    return { id, name };
  }

  #photo(personId: string, photoHash: string): GalleryFace | undefined {
    const query = 'SELECT * FROM faces WHERE person_id = ? AND photo_hash = ?';
    return this.#rows<FaceRow>(query, personId, photoHash).map(toFace)[0];
  }

  #insertFace(personId: string, { photoName, photoHash, quality, embedding, chipPng }: NewFace): void {
    const { model, vector } = embedding;
    const sequence = this.#run(
      `INSERT INTO faces (id, person_id, photo_name, photo_hash, quality, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[randomUUID(), personId, photoName, photoHash, quality, Date.now()],
    );
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    this.#run('INSERT INTO embeddings VALUES (?, ?, ?, ?)', sequence, model.id, model.version, bytes);
    this.#run('INSERT INTO chips VALUES (?, ?)', sequence, chipPng);
  }

  async #erase(statement: string, id: string): Promise<boolean> {
    const erased = await this.#write(() => this.#database.prepare(statement).run([id]).changes > 0);
    // What was erased must not live on in the log either.
    if (erased) await this.#attempt(() => this.#emptyLog());
    return erased;
  }

  /** Moves the log's pages into the file; left for later when another process is reading. */
  #emptyLog(): void {
    this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }

  #readDataVersion(): number {
    return this.#rows<{ data_version: number }>('PRAGMA data_version')[0]?.data_version ?? 0;
  }

  #rows<T extends Row>(query: string, ...values: unknown[]): T[] {
    return this.#database.prepare(query).all(values) as T[];
  }

  /** Runs a statement and gives the row id of what it inserted. */
  #run(statement: string, ...values: unknown[]): number | bigint {
    return this.#database.prepare(statement).run(values).lastInsertRowid;
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#attempt(() => this.#database.transaction(work).immediate());
  }

  /** SQLite answers at once; the promise is for stores that do not. */
  #attempt<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(storageError(this.#path, error));
    }
  }
}
