/** An event to keep. The store knows nothing of what `data` says. */
export interface NewEvent {
  /** Ids sort as strings in the order of publishing. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
  readonly cameraId: string;
  /** The track that it tells of; null for an event of the camera. */
  readonly trackKey: string | null;
  /** Whom it says the track to be, named or not; null when it does not say. */
  readonly personId: string | null;
  /** Ids of everybody of whom `data` tells, `personId` too: who is erased by now is left out of it. */
  readonly people: readonly string[];
  /** Plain JSON. */
  readonly data: unknown;
}

/** A kept event. `data` is what was said then; `person` is what is known now. */
export interface StoredEvent extends Omit<NewEvent, 'personId' | 'people'> {
  readonly person: EventPerson | null;
}

/** Has a name, or a number as long as nobody gave one; a person named later keeps the number. */
export interface EventPerson {
  readonly id: string;
  readonly name: string | null;
  readonly number: number | null;
}

/** Which events to read; what is left out does not matter. */
export interface EventQuery {
  /** Not before; milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Before; milliseconds since the epoch. */
  readonly until?: number | undefined;
  /** Of one of these cameras; of any when empty. */
  readonly cameraIds?: readonly string[] | undefined;
  readonly personId?: string | undefined;
  /** Of one of these types; of any when empty. */
  readonly types?: readonly string[] | undefined;
  /** An id, which need not be kept any more: only events published after that one. */
  readonly after?: string | undefined;
  /** An id: only events published before that one. */
  readonly before?: string | undefined;
  /** An id: only that event and those published before it. */
  readonly upTo?: string | undefined;
  readonly order: 'newest first' | 'oldest first';
  /** At most so many events. */
  readonly limit: number;
}

/** Keeps events. Every method rejects with DATA_UNWRITABLE or GALLERY_CORRUPT when the storage says so. */
export interface EventStore {
  /**
   * Keeps events, all or none. One without a person gets that of its track, now or when the track is recorded; people
   * erased meanwhile are left out.
   * @returns ids of the events that somebody was left out of
   */
  append(events: readonly NewEvent[]): Promise<string[]>;
  query(query: EventQuery): Promise<StoredEvent[]>;
  /** Undefined for an unknown id. */
  get(id: string): Promise<StoredEvent | undefined>;
}
