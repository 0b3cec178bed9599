import { randomUUID } from 'node:crypto';
import type { Embedding, Landmarks } from '../../core/face.js';
import type { GalleryEntry, GalleryPhoto, NewFace, StoredCrop } from '../../core/people-store.js';
import type { UnknownEntry } from '../../core/track-store.js';
import type { Row, SqliteConnection } from './connection.js';

export interface FaceRow extends Row {
  id: string;
  person_id: string;
  photo_name: string;
  quality: number;
  created_at: number;
}

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

export function toFace({ id, person_id, photo_name, quality, created_at }: FaceRow): GalleryPhoto {
  return { id, personId: person_id, photoName: photo_name, quality, createdAt: created_at };
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

/** Landmarks as they are kept, in JSON. */
export function landmarkText(landmarks: Landmarks): string {
  return JSON.stringify(landmarks.map(({ x, y }) => [x, y]));
}

export function readLandmarks(text: string): Landmarks {
  return (JSON.parse(text) as [number, number][]).map(([x, y]) => ({ x, y })) as unknown as Landmarks;
}

/** Whose a new face is, and what for. */
export interface FacePlace {
  readonly personId: string;
  readonly role: 'example' | 'sighting';
  /** Of the track that it was cut from. */
  readonly trackKey: string | null;
}

/** What is stored of a face; a crop of a track has no hash, as it never comes twice. */
type FaceContent = Omit<NewFace, 'photoHash'> & { readonly photoHash: string | null };

/** Part of a `write`. @returns the id of the face */
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

/** Part of a `write`; the embedding that is there already stays. */
export function insertEmbedding(
  db: SqliteConnection,
  sequence: number | bigint,
  { model, vector }: Embedding,
): void {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  db.run('INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?, ?)', sequence, model.id, model.version, bytes);
}

/** Part of a `write`: a copy of a face, with every embedding and the crop, as a counterexample of a person. */
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
