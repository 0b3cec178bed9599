/** An event to store. The store does not look into `data`, except for people who are erased or merged. */
export interface NewEvent {
  /** Unique; the ids of one process sort as strings in the order of publishing. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
  /** Empty for an event about no camera. */
  readonly cameraId: string;
  /** The track the event is about; null for an event about the camera. */
  readonly trackKey: string | null;
  /** The person it says the track is, named or unknown; null when undecided. */
  readonly personId: string | null;
  /** Ids of everybody that `data` mentions, including `personId`. People erased meanwhile are removed from `data`. */
  readonly people: readonly string[];
  /** Plain JSON. */
  readonly data: unknown;
}

/** A stored event. `data` says what was known then, `person` what is known now. */
export interface StoredEvent extends Omit<NewEvent, 'personId' | 'people'> {
  /** A whole number that the store assigns when it commits: later commits have greater ones, whichever process writes. */
  readonly position: number;
  readonly person: EventPerson | null;
}

/** Has a name, or a number as long as nobody gave one; a person named later keeps the number. */
export interface EventPerson {
  readonly id: string;
  readonly name: string | null;
  readonly number: number | null;
}

/** Which events to read. Fields that are left out do not restrict the result. */
export interface EventQuery {
  /** Not before; milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Before; milliseconds since the epoch. */
  readonly until?: number | undefined;
  /** Only events of these cameras; all cameras when empty. */
  readonly cameraIds?: readonly string[] | undefined;
  readonly personId?: string | undefined;
  /** Only events of these types; all types when empty. */
  readonly types?: readonly string[] | undefined;
  /** Only events with a greater position. */
  readonly after?: number | undefined;
  /** Only events with a lesser position. */
  readonly before?: number | undefined;
  /** Only events with this position or a lesser one. */
  readonly upTo?: number | undefined;
  /** By position. */
  readonly order: 'newest first' | 'oldest first';
  /** Most events to return. */
  readonly limit: number;
}

/** Keeps events. Every method rejects with DATA_UNWRITABLE or GALLERY_CORRUPT when the storage says so. */
export interface EventStore {
  /**
   * Keeps events, all or none, in the order given. An event without a person gets that of its track, now or when the
   * track is recorded; people erased meanwhile are left out. An event that is kept already stays as it is, so a call
   * whose outcome is not known can be repeated.
   * @returns the position of each
   */
  append(events: readonly NewEvent[]): Promise<number[]>;
  /** The events with a greater position, oldest first. */
  after(position: number, limit: number): Promise<StoredEvent[]>;
  /**
   * The position of an event. For one that is not kept any more, that of the last kept event whose id sorts before it,
   * and 0 when there is none: `after` then gives whatever came later.
   */
  positionOf(eventId: string): Promise<number>;
  /** The position of the newest event that is kept; 0 when there is none. */
  newestPosition(): Promise<number>;
  /** The greatest id of an event that is kept; undefined when there is none. */
  greatestId(): Promise<string | undefined>;
  query(query: EventQuery): Promise<StoredEvent[]>;
  /** Undefined for an unknown id. */
  get(id: string): Promise<StoredEvent | undefined>;
}

/** Keeps how far the readers of events have come, by name. */
export interface CursorStore {
  /** The position of the last event that a reader has taken; undefined for a name that was never saved. */
  load(name: string): Promise<number | undefined>;
  save(name: string, position: number): Promise<void>;
}
