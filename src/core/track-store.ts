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

/** A track as it is kept. */
export interface TrackRef {
  /** Of no other track, of whichever camera and run. */
  readonly key: string;
  readonly cameraId: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** A crop of a track about to be kept. */
export interface NewObservation {
  readonly quality: number;
  readonly embedding: Embedding;
  readonly crop: StoredCrop;
}

/** The face of a track as people are shown it. */
export interface Snapshot {
  readonly jpeg: Uint8Array;
  /** In pixels of the picture. */
  readonly landmarks: Landmarks;
  /** 0 to 1. */
  readonly quality: number;
}

/** An embedding of a person without a name. */
export interface UnknownEntry {
  readonly faceId: string;
  readonly personId: string;
  /** `counterexample`: a face that was said not to be this person. */
  readonly role: 'sighting' | 'counterexample';
  readonly quality: number;
  readonly vector: Float32Array;
}

/** What a track of a stranger changes. */
export interface UnknownPersonChange {
  readonly track: TrackRef;
  /** Null for somebody new. */
  readonly personId: string | null;
  readonly add: readonly NewObservation[];
  /** Ids of the person's faces that are no longer needed. */
  readonly remove: readonly string[];
  /** People without a name kept at most; beyond it some go, those seen once first, the oldest of them first. */
  readonly limit: number;
  /** Takes the place of a poorer one of the track. */
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
  /** Every embedding of a model of people without a name, in portions small enough that other work can go on. */
  unknownEntries(model: ModelRef): AsyncIterable<readonly UnknownEntry[]>;
  /**
   * Says that a track is a stranger's.
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
   * Says that a track is that of a named person. Of its crops the best few are kept, and the better snapshot.
   * @returns false, with nothing done, when there is no such person any more or the track was said not to be theirs
   */
  recordKnown(
    track: TrackRef,
    personId: string,
    add: readonly NewObservation[],
    snapshot?: Snapshot,
  ): Promise<boolean>;
  /** Undefined for an unknown track and for one without a snapshot. */
  snapshot(trackKey: string): Promise<Snapshot | undefined>;
  /** The best crop kept of a person without a name; undefined when there is none. */
  bestCrop(personId: string): Promise<StoredCrop | undefined>;
  /**
   * Gives somebody a name; with that of a person who is there already, everything moves to that person. The best of
   * their crops count as enrolled photos from now on.
   * @throws SightlineError UNKNOWN_PERSON_UNKNOWN
   */
  name(personId: string, name: string): Promise<Person>;
  /** Forgets a person without a name. @throws SightlineError UNKNOWN_PERSON_UNKNOWN */
  dismiss(personId: string): Promise<void>;
  /**
   * Says that a track is not this person, named or not: it is nobody's from now on, and its crops are counterexamples.
   *
   * @returns how many counterexamples were added: none when they were there already or the crops are not kept any more
   * @throws SightlineError PERSON_UNKNOWN
   */
  reject(trackKey: string, personId: string): Promise<number>;
  /**
   * Deletes events and the tracks of named people and of nobody that are older, and people without a name who were
   * last seen earlier, with their snapshots; times are milliseconds since the epoch. Works in portions, so that other work can go on.
   */
  prune(limits: { eventsBefore: number; unknownBefore: number }): Promise<void>;
}
