import type { GalleryEntry, GalleryFace } from '../core/gallery-store.js';

/** Rows as SQLite gives them; blobs are ArrayBuffers. */
export type Row = Record<string, unknown>;

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
  vector: ArrayBuffer;
}

export function toFace({ id, person_id, photo_name, quality, created_at }: FaceRow): GalleryFace {
  return { id, personId: person_id, photoName: photo_name, quality, createdAt: created_at };
}

export function toEntry({ face_id, person_id, name, vector }: EntryRow): GalleryEntry {
  return {
    faceId: face_id,
    person: { id: person_id, name },
    role: 'example',
    vector: new Float32Array(vector),
  };
}
