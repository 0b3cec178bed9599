import type { Embedding, Landmarks, ModelRef, Person } from './face.js';
import type { StoredCrop } from './people-store.js';

/** A person that nobody has named yet. */
export interface UnknownPerson {
  readonly id: string;
  /** Never given to anybody else. */
  readonly number: number;
  /** Tracks. */
  readonly seen: number;
  /** Milliseconds since the epoch. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Ids of the cameras that saw them, in alphabetical order. */
  readonly cameras: readonly string[];
}

/** A track to be stored. */
export interface TrackRef {
  /** Unique across cameras and runs of the program. */
  readonly key: string;
  readonly cameraId: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** An observation of a track to be stored. */
export interface NewObservation {
  readonly quality: number;
  readonly embedding: Embedding;
  readonly crop: StoredCrop;
}

/** The snapshot of a track. */
export interface Snapshot {
  readonly jpeg: Uint8Array;
  /** In pixels of the picture. */
  readonly landmarks: Landmarks;
  /** 0 to 1. */
  readonly quality: number;
}

/** An embedding of an unknown person. */
export interface UnknownEntry {
  readonly faceId: string;
  readonly personId: string;
  /** `counterexample`: a user said that this face is not this person. */
  readonly role: 'sighting' | 'counterexample';
  readonly quality: number;
  readonly vector: Float32Array;
}

/** The changes that a track of an unknown person makes. */
export interface UnknownPersonChange {
  readonly track: TrackRef;
  /** Null to create a new unknown person. */
  readonly personId: string | null;
  readonly add: readonly NewObservation[];
  /** Ids of the person's faces that are no longer needed. */
  readonly remove: readonly string[];
  /** Most unknown people kept. Beyond it some are forgotten: those seen once first, the oldest of them first. */
  readonly limit: number;
  /** Replaces the track's snapshot if it is better. */
  readonly snapshot?: Snapshot | undefined;
}

/**
 * Keeps which tracks there were, whose they are and some of their crops, and the people without a name that were made
 * of them.
 */
export interface TrackStore {
  /** By number. */
  unknownPeople(): Promise<UnknownPerson[]>;
  /** Undefined for an unknown number and for a person who has a name. */
  unknownPerson(number: number): Promise<UnknownPerson | undefined>;
  /** The person without a name whose track it is; undefined when there is none. */
  unknownOwner(trackKey: string): Promise<string | undefined>;
  /**
   * Every embedding of a model of people without a name, or of one of them, in portions small enough that other work can
   * go on.
   */
  unknownEntries(model: ModelRef, personId?: string): AsyncIterable<readonly UnknownEntry[]>;
  /**
   * Records that a track shows an unknown person.
   *
   * @param revision of the topic `unknownPeople` that the change was decided on
   * @returns the person, the ids of the faces added, in their order, and the new revision, which is null when more had
   * to be changed than that: people beyond the limit, or crops that came along with the track; undefined, with nothing
   * done, when the revision is another one by now
   */
  recordUnknown(
    change: UnknownPersonChange,
    revision: number,
  ): Promise<{ person: UnknownPerson; faceIds: string[]; revision: number | null } | undefined>;
  /**
   * Records that a track shows a named person. The best few crops and the better snapshot are kept.
   * @returns false, with nothing changed, when the person is gone or a user said that the track is not this person
   */
  recordKnown(
    track: TrackRef,
    personId: string,
    add: readonly NewObservation[],
    snapshot?: Snapshot,
  ): Promise<boolean>;
  /**
   * Records that a track was seen too poorly to say whom it shows: it belongs to nobody, with the given crops and snapshot.
   * Should it get an owner later, an unknown person does not get these crops. Does nothing for a track that has an owner.
   */
  recordUnclear(track: TrackRef, crops: readonly NewObservation[], snapshot?: Snapshot): Promise<void>;
  /** Undefined for an unknown track and for one without a snapshot. */
  snapshot(trackKey: string): Promise<Snapshot | undefined>;
  /** The best crop kept of a person without a name; undefined when there is none. */
  bestCrop(personId: string): Promise<StoredCrop | undefined>;
  /**
   * Gives an unknown person a name. If a person has that name already, the two are merged. The best crops become enrolled
   * photos.
   * @throws SightlineError UNKNOWN_PERSON_NOT_FOUND
   */
  name(personId: string, name: string): Promise<Person>;
  /** Forgets an unknown person. @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
  dismiss(personId: string): Promise<void>;
  /**
   * Records that a track is not this person, named or unknown. The track then belongs to nobody, and its crops become
   * counterexamples.
   *
   * @returns how many counterexamples were added: none when they were there already or the crops are not kept any more
   * @throws SightlineError PERSON_NOT_FOUND
   */
  reject(trackKey: string, personId: string): Promise<number>;
  /**
   * Deletes events and the tracks of named people and of nobody that are older, and people without a name who were
   * last seen earlier, with their snapshots; times are milliseconds since the epoch. Works in portions, so that other work
   * can go on. Then removes what an erasure had to leave behind, for want of room or because the program ended.
   */
  prune(limits: { eventsBefore: number; unknownBefore: number }): Promise<void>;
}
