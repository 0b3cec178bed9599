import type { Embedding, ModelRef, Person } from './face.js';

/** A person as the gallery lists them. */
export interface GalleryPerson extends Person {
  /** Enrolled photos. */
  readonly faces: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** An enrolled photo, without its pixels. */
export interface GalleryFace {
  readonly id: string;
  readonly personId: string;
  /** What the photo was called where it came from. */
  readonly photoName: string;
  /** 0 to 1, when it was enrolled. */
  readonly quality: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A photo about to be enrolled. */
export interface NewFace {
  readonly photoName: string;
  /** Tells whether two photos are the same, whatever they are called. */
  readonly photoHash: string;
  readonly quality: number;
  readonly embedding: Embedding;
  /** The aligned face as PNG, so that another embedder can read it later. */
  readonly chipPng: Uint8Array;
}

/** An enrolled embedding, as the index in memory needs it. */
export interface GalleryEntry {
  readonly faceId: string;
  readonly person: Person;
  /** `counterexample`: a face that was said not to be this person's. */
  readonly role: 'example' | 'counterexample';
  readonly vector: Float32Array;
}

/** How many faces have an embedding of a model. */
export interface ModelCount {
  readonly model: ModelRef;
  readonly faces: number;
}

/**
 * Keeps people and their faces. Every method rejects with DATA_UNWRITABLE or GALLERY_CORRUPT when the storage says
 * so. Several processes may use one store.
 */
export interface GalleryStore {
  /** Everybody, by name. */
  persons(): Promise<GalleryPerson[]>;
  /** The photos of a person, oldest first; empty for an unknown id. */
  faces(personId: string): Promise<GalleryFace[]>;
  /** The aligned face as PNG; undefined for an unknown id. */
  chipPng(faceId: string): Promise<Uint8Array | undefined>;
  /**
   * Adds a photo to the person of that name, who is made when there is none yet. A photo that the person has already
   * is not stored again.
   */
  addFace(name: string, face: NewFace): Promise<{ person: Person; face: GalleryFace; added: boolean }>;
  /** Whether there was such a face. The person stays, even without photos. */
  removeFace(faceId: string): Promise<boolean>;
  /** Erases a person and all their photos for good. Whether there was such a person. */
  removePerson(personId: string): Promise<boolean>;
  /** Every embedding of a model, in portions small enough that other work can go on in between. */
  entries(model: ModelRef): AsyncIterable<readonly GalleryEntry[]>;
  /** Embeddings by the model that made them. */
  modelCounts(): Promise<ModelCount[]>;
  /** Whether another process has changed the store since the last call. */
  changedElsewhere(): Promise<boolean>;
  /** May be called again. */
  close(): Promise<void>;
}
