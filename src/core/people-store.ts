import type { Embedding, Landmarks, ModelRef, Person } from './face.js';

/** A named person as the gallery lists them. */
export interface GalleryPerson extends Person {
  /** Enrolled photos, those that are set aside included. */
  readonly faces: number;
  /** Photos that are set aside. */
  readonly setAside: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** An enrolled photo, without its pixels. */
export interface GalleryPhoto {
  readonly id: string;
  readonly personId: string;
  /** What the photo was called where it came from. */
  readonly photoName: string;
  /** 0 to 1, when it was enrolled. */
  readonly quality: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Why the photo counts neither for recognition nor for training; null when it does count. */
  readonly setAside: SetAside | null;
  /** Whether a user said that it shows the person and is to count, so that it is not set aside again. */
  readonly isConfirmed: boolean;
}

/**
 * Why a photo is set aside. `looks-like-other`: it resembles another person, and not the rest of its own. `unlike-own`: it
 * resembles none of its person's other photos, which agree. `poor`: its person has better ones.
 */
export const setAsideReasons = ['looks-like-other', 'unlike-own', 'poor'] as const;

/** The state of a photo that is kept but does not count. Distances are Euclidean. */
export interface SetAside {
  readonly reason: (typeof setAsideReasons)[number];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** To the person's other photos. */
  readonly ownDistance: number;
  /** To the person that it resembles; null when there is none. */
  readonly otherDistance: number | null;
  /** Whom it resembles; null when there is nobody, or when they were erased. */
  readonly other: Person | null;
}

/** A photo to be set aside. */
export interface NewSetAside extends Omit<SetAside, 'at' | 'other'> {
  readonly faceId: string;
  readonly otherId: string | null;
}

/** Two people who look so much alike that each needs a smaller distance to be named. */
export interface LookAlikes {
  readonly people: readonly [Person, Person];
  /** Euclidean, between their nearest photos. */
  readonly distance: number;
  /** The largest distance at which one of the two may be named. */
  readonly threshold: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Whether a user revoked it, so that it has no effect and does not come back. */
  readonly isRevoked: boolean;
}

/** Look-alikes as they are found. */
export interface FoundLookAlikes extends Pick<LookAlikes, 'distance' | 'threshold'> {
  readonly personIds: readonly [string, string];
}

/** The part of a picture that alignment looks at, kept so that any embedder can embed the face again. */
export interface StoredCrop {
  readonly png: Uint8Array;
  /** In pixels of the crop. */
  readonly landmarks: Landmarks;
}

/** A photo about to be enrolled. */
export interface NewFace {
  readonly photoName: string;
  /** Tells whether two photos are the same, whatever they are called. */
  readonly photoHash: string;
  readonly quality: number;
  readonly embedding: Embedding;
  /** What the embedding was made of. */
  readonly crop: StoredCrop;
}

/** The result of adding a photo. */
export interface AddedFace {
  readonly person: Person;
  readonly face: GalleryPhoto;
  /** The revision; null when the person had the photo already. */
  readonly revision: number | null;
}

/** An embedding of a named person, as the index in memory needs it. */
export interface GalleryEntry {
  readonly faceId: string;
  readonly person: Person;
  /** `counterexample`: a user said that this face is not this person. */
  readonly role: 'example' | 'counterexample';
  readonly vector: Float32Array;
}

/** How many faces have an embedding of a model. */
export interface ModelCount {
  readonly model: ModelRef;
  readonly faces: number;
}

/**
 * Keeps people and their photos. A method that returns a revision returns that of the topic `people` which it has made, so
 * that a reader can tell its own changes from those of others.
 */
export interface PeopleStore {
  /** Everybody who has a name, by name. */
  persons(): Promise<GalleryPerson[]>;
  /** Undefined for an unknown id, and for somebody without a name. */
  person(personId: string): Promise<GalleryPerson | undefined>;
  personNamed(name: string): Promise<GalleryPerson | undefined>;
  /** Somebody without a photo yet. @throws SightlineError PERSON_NAME_TAKEN */
  addPerson(name: string): Promise<GalleryPerson>;
  /** The enrolled photos of a person, oldest first; empty for an unknown id. */
  faces(personId: string): Promise<GalleryPhoto[]>;
  /** An enrolled photo; undefined for an unknown id. */
  face(faceId: string): Promise<GalleryPhoto | undefined>;
  /**
   * Adds a photo to a person: the one of that name, who is made when there is none yet, or the one with that id. A
   * photo that the person has already is not stored again.
   * @throws SightlineError PERSON_NOT_FOUND for an id that nobody has any more
   */
  addFace(target: string | { readonly id: string }, face: NewFace): Promise<AddedFace>;
  /** The person stays, even without photos. @returns the revision; null when there was no such face */
  removeFace(faceId: string): Promise<number | null>;
  /**
   * Sets photos aside: they stay, but `entries` leaves them out. Photos that are gone, set aside already or confirmed are
   * passed over.
   * @returns the ids of those that were set aside
   */
  setAside(photos: readonly NewSetAside[]): Promise<string[]>;
  /** Has a photo count again, from now on as confirmed. @returns whether there is such a photo */
  restore(faceId: string): Promise<boolean>;
  /** The look-alikes among the people, as a model sees them, nearest first. */
  lookAlikes(model: ModelRef): Promise<LookAlikes[]>;
  /**
   * Replaces the look-alikes of a model; those that are revoked stay so.
   * @returns those that are new or have another threshold
   */
  saveLookAlikes(model: ModelRef, found: readonly FoundLookAlikes[]): Promise<LookAlikes[]>;
  /** Takes the effect from two look-alikes, or gives it back. @returns whether there are such look-alikes */
  revokeLookAlikes(personIds: readonly [string, string], isRevoked: boolean): Promise<boolean>;
  /** @throws SightlineError PERSON_NOT_FOUND, PERSON_NAME_TAKEN */
  rename(personId: string, name: string): Promise<void>;
  /**
   * Gives everything that belongs to `from` to the person `into`, and removes the first.
   * @throws SightlineError PERSON_NOT_FOUND
   */
  merge(from: string, into: string): Promise<void>;
  /**
   * Erases a person for good: faces, tracks, and their name wherever an event says it. Works on a full disk, too; then
   * copies of what was erased may lie unused in the file until `TrackStore.prune` finds room.
   *
   * @param onGone called with the revisions made when nothing of them is given out any more; that no trace is left takes
   * a while longer
   * @returns whether there was one
   */
  removePerson(personId: string, onGone?: (revisions: readonly number[]) => void): Promise<boolean>;
  /** Every embedding of a model of named people, without photos that are set aside, in portions small enough that other work can go on in between. */
  entries(model: ModelRef): AsyncIterable<readonly GalleryEntry[]>;
  /** The enrolled photos without an embedding of `model`, by the models that they have one of. */
  modelCounts(model: ModelRef): Promise<ModelCount[]>;
}

/** Crops and embeddings of all stored faces, for changing the embedder. */
export interface EmbeddingStore {
  /** Ids of the faces without an embedding of a model, in portions; those added meanwhile come last. */
  facesWithout(model: ModelRef): AsyncIterable<readonly string[]>;
  countWithout(model: ModelRef): Promise<number>;
  /** The crop of a face; undefined for an unknown id. */
  crop(faceId: string): Promise<StoredCrop | undefined>;
  /** Adds an embedding of another model. @returns whether the face still exists */
  addEmbedding(faceId: string, embedding: Embedding): Promise<boolean>;
}
