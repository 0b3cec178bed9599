import type { Embedding, ModelRef } from '../../core/face.js';
import type { EmbeddingStore, StoredCrop } from '../../core/people-store.js';
import { insertEmbedding, toCrop, type CropRow } from './face-rows.js';
import type { SqliteConnection } from './connection.js';

/** Part of a query of `faces`, with two parameters: those that have no embedding of a model. */
export const withoutModel = `NOT EXISTS (
  SELECT 1 FROM embeddings WHERE face_sequence = sequence AND model_id = ? AND model_version = ?)`;

/** The embeddings and crops in the gallery's database. */
export class SqliteEmbeddingStore implements EmbeddingStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  async *facesWithout({ id, version }: ModelRef): AsyncGenerator<readonly string[]> {
    const query = `SELECT sequence, id FROM faces WHERE sequence > ? AND ${withoutModel} ORDER BY sequence`;
    const portions = this.#db.portions<{ sequence: number; id: string }>(query, id, version);
    for await (const rows of portions) yield rows.map((row) => row.id);
  }

  countWithout({ id, version }: ModelRef): Promise<number> {
    return this.#db.attempt(() => {
      const query = `SELECT count(*) AS count FROM faces WHERE ${withoutModel}`;
      return this.#db.rows<{ count: number }>(query, id, version)[0]?.count ?? 0;
    });
  }

  crop(faceId: string): Promise<StoredCrop | undefined> {
    const query = 'SELECT png, landmarks FROM crops JOIN faces ON sequence = face_sequence WHERE id = ?';
    return this.#db.attempt(() => this.#db.rows<CropRow>(query, faceId).map(toCrop).at(0));
  }

  addEmbedding(faceId: string, embedding: Embedding): Promise<boolean> {
    return this.#db.record(() => {
      const [face] = this.#db.rows<{ sequence: number }>('SELECT sequence FROM faces WHERE id = ?', faceId);
      if (face) insertEmbedding(this.#db, face.sequence, embedding);
      return face !== undefined;
    });
  }
}
