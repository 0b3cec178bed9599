import type { CursorStore, EventStore } from './event-store.js';
import type { HeadStore } from './heads.js';
import type { EmbeddingStore, PeopleStore } from './people-store.js';
import type { TrackStore } from './track-store.js';

/**
 * What a reader may keep in memory. `people` covers what `PeopleStore.entries` gives, `unknownPeople` what
 * `TrackStore.unknownEntries` gives, and `events` the events that were appended.
 */
export const revisionTopics = ['people', 'unknownPeople', 'cameras', 'settings', 'heads', 'events'] as const;
export type RevisionTopic = (typeof revisionTopics)[number];

/**
 * Everything that Sightline keeps. Several programs may use one storage at once. Every method of every part rejects with
 * DATA_UNWRITABLE, DISK_FULL or GALLERY_CORRUPT when the storage says so, and what it gives is plain data.
 *
 * A change of people, cameras, settings, heads or tokens that has resolved survives a power cut. Tracks and events
 * survive the end of the program, however it ends; a power cut may cost the newest of them.
 */
export interface Storage {
  readonly people: PeopleStore;
  readonly embeddings: EmbeddingStore;
  readonly tracks: TrackStore;
  readonly events: EventStore;
  readonly cursors: CursorStore;
  readonly cameras: CameraStore;
  readonly settings: SettingsStore;
  readonly heads: HeadStore;
  readonly tokens: TokenStore;
  /**
   * The revision of a topic, which grows with every change, whichever process or object makes it. A reader asks for the
   * revision before it reads the data, and compares it later.
   */
  revision(topic: RevisionTopic): Promise<number>;
  /** Whether something could not be stored because the disk is full. False again as soon as there is room. */
  isDiskFull(): boolean;
  /** May be called again. */
  close(): Promise<void>;
}

/** What was changed about a camera while the program ran. The storage does not look into `entry`. */
export interface CameraEntry {
  readonly id: string;
  /** Plain JSON. */
  readonly entry: unknown;
}

export interface CameraStore {
  /** By id. @throws SightlineError SETTINGS_CORRUPT */
  list(): Promise<CameraEntry[]>;
  /** Replaces the entry with that id. */
  save(camera: CameraEntry): Promise<void>;
  /** Whether there was an entry of that id. */
  remove(id: string): Promise<boolean>;
}

/** Settings that were changed while the program ran, in groups. The storage does not look into them. */
export interface SettingsStore {
  /** Plain JSON; undefined for a group that was never changed. @throws SightlineError SETTINGS_CORRUPT */
  load(group: string): Promise<unknown>;
  save(group: string, settings: unknown): Promise<void>;
}

/** Access tokens that the program made. */
export interface TokenStore {
  /** Keeps a token under a name, unless there is one already. @returns the one that is kept from now on */
  keep(name: string, token: string): Promise<string>;
}
