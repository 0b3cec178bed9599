import { randomUUID } from 'node:crypto';
import type { Embedding, Landmarks, ModelRef } from '../../core/face.js';
import type {
  GalleryEntry,
  GalleryPhoto,
  NewFace,
  SetAside,
  StoredCrop,
  EmbeddingStore,
} from '../../core/people-store.js';
import type { UnknownEntry } from '../../core/track-store.js';
import type { Row, SqliteConnection } from './connection.js';

export interface FaceRow extends Row {
  id: string;
  person_id: string;
  photo_name: string;
  quality: number;
  created_at: number;
  /** JSON of `KeptSetAside`. */
  set_aside: string | null;
  set_aside_other: string | null;
  other_name: string | null;
  confirmed: number;
}

/** What is kept of a `SetAside`. The other person is referred to, so that no name stays when they are erased. */
export type KeptSetAside = Omit<SetAside, 'other'>;

/** The photos with whom they resemble, where they are set aside; a condition and an order may follow. */
export const selectPhotos = `SELECT faces.*, others.name AS other_name
  FROM faces LEFT JOIN persons AS others ON others.id = set_aside_other WHERE role = 'example'`;

export interface EntryRow extends Row {
  sequence: number;
  face_id: string;
  person_id: string;
  name: string;
  role: GalleryEntry['role'];
  vector: ArrayBuffer;
}

export interface UnknownEntryRow extends Row {
  sequence: number;
  face_id: string;
  person_id: string;
  role: UnknownEntry['role'];
  quality: number;
  vector: ArrayBuffer;
}

export interface CropRow extends Row {
  png: ArrayBuffer;
  landmarks: string;
}

export function toFace(row: FaceRow): GalleryPhoto {
  const { id, person_id, photo_name, quality, created_at, confirmed } = row;
  return {
    id,
    personId: person_id,
    photoName: photo_name,
    quality,
    createdAt: created_at,
    setAside: toSetAside(row),
    isConfirmed: confirmed === 1,
  };
}

function toSetAside({ set_aside, set_aside_other: id, other_name: name }: FaceRow): SetAside | null {
  if (set_aside === null) return null;
  const other = id !== null && name !== null ? { id, name } : null;
  return { ...(JSON.parse(set_aside) as KeptSetAside), other };
}

export function toEntry({ face_id, person_id, name, role, vector }: EntryRow): GalleryEntry {
  return { faceId: face_id, person: { id: person_id, name }, role, vector: new Float32Array(vector) };
}

export function toUnknownEntry({ face_id, person_id, role, quality, vector }: UnknownEntryRow): UnknownEntry {
  return { faceId: face_id, personId: person_id, role, quality, vector: new Float32Array(vector) };
}

export function toCrop({ png, landmarks }: CropRow): StoredCrop {
  return { png: new Uint8Array(png), landmarks: readLandmarks(landmarks) };
}

/** Encodes landmarks for storage, as JSON. */
export function landmarkText(landmarks: Landmarks): string {
  return JSON.stringify(landmarks.map(({ x, y }) => [x, y]));
}

export function readLandmarks(text: string): Landmarks {
  return (JSON.parse(text) as [number, number][]).map(([x, y]) => ({ x, y })) as unknown as Landmarks;
}

/** The person a new face belongs to, and its role. */
export interface FacePlace {
  readonly personId: string | null;
  readonly role: 'example' | 'sighting';
  /** The track it was cut from; null for a photo. */
  readonly trackKey: string | null;
}

/** What is stored of a face. A crop of a track has no hash, because the same one never comes twice. */
type FaceContent = Omit<NewFace, 'photoHash'> & { readonly photoHash: string | null };

/** Call inside a `write`: stores a face. @returns its id */
export function insertFace(db: SqliteConnection, place: FacePlace, face: FaceContent): string {
  const id = randomUUID();
  const { photoName, photoHash, quality, embedding, crop } = face;
  const { lastInsertRowid: sequence } = db.run(
    `INSERT INTO faces (id, person_id, role, track_key, photo_name, photo_hash, quality, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, place.personId, place.role, place.trackKey, photoName, photoHash, quality, Date.now()],
  );
  insertEmbedding(db, sequence, embedding);
  db.run('INSERT INTO crops VALUES (?, ?, ?)', sequence, crop.png, landmarkText(crop.landmarks));
  return id;
}

/** Call inside a `write`: stores an embedding unless the face has one of that model. */
function insertEmbedding(
  db: SqliteConnection,
  sequence: number | bigint,
  { model, vector }: Embedding,
): void {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  db.run('INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?, ?)', sequence, model.id, model.version, bytes);
}

/** Call inside a `write`: copies a face with its embeddings and crop as a counterexample of a person. */
export function copyAsCounterexample(db: SqliteConnection, sequence: number, personId: string): void {
  const { lastInsertRowid: copy } = db.run(
    `INSERT INTO faces (id, person_id, role, track_key, photo_name, photo_hash, quality, created_at)
     SELECT ?, ?, 'counterexample', track_key, photo_name, photo_hash, quality, created_at
     FROM faces WHERE sequence = ?`,
    ...[randomUUID(), personId, sequence],
  );
  db.run(
    `INSERT INTO embeddings SELECT ?, model_id, model_version, vector FROM embeddings WHERE face_sequence = ?`,
    ...[copy, sequence],
  );
  db.run('INSERT INTO crops SELECT ?, png, landmarks FROM crops WHERE face_sequence = ?', copy, sequence);
}

/** SQL condition on `faces`, with two parameters: the face has no embedding of the model. */
export const withoutModel = `NOT EXISTS (
  SELECT 1 FROM embeddings WHERE face_sequence = sequence AND model_id = ? AND model_version = ?)`;

/** The embeddings and crops in the database. */
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
