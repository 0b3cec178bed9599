import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { Identity, Track, UnknownRef } from '../../core/face.js';
import type {
  FrameRef,
  TrackObserver,
  DecisionKind,
  TrackChange,
  TrackState,
} from '../../core/track-state.js';

export interface TrackRegistryOptions {
  readonly cameraId: string;
  /** Called with each change, in order. */
  readonly onChange: (change: TrackChange) => void;
  /** Called with whatever `onChange` threw. */
  readonly onError: (error: unknown) => void;
}

/** A decision about a track, with the track as it was in `frame`. */
export interface TrackDecision {
  readonly kind: DecisionKind;
  readonly identity: Identity;
  readonly track: Track;
  readonly frame: FrameRef;
}

interface Entry {
  state: TrackState;
  /** The unknown person that the decision which stands, or is held, is about; filled in when it is known. */
  unknown: { person: UnknownRef | undefined };
  /** Ordinal of the doubt for which the identity is held. */
  heldFor: number;
  /** Resolves when no decision about this track can follow any more; undefined when its end need not wait. */
  concluded: Promise<void> | undefined;
  /** Once the end waits: the changes to tell before it, in order. */
  last: Telling[] | undefined;
}

/** Gives a change when its turn to be told has come. */
type Telling = () => TrackChange | Promise<TrackChange>;

/**
 * Holds the state of every track of a camera. A state changes at once; `onChange` is called in order, and for a decision
 * `unknown` only once the unknown person has been identified. A track that has left keeps its state until nothing more can
 * be decided about it; then the last decisions and its end are told, and what follows waits for that.
 */
export class TrackRegistry implements TrackObserver {
  readonly #options: TrackRegistryOptions;
  readonly #run = randomUUID();
  /** Tracks that have started and not ended, by id. */
  readonly #entries = new Map<number, Entry>();
  readonly #inOrder = pLimit(1);

  constructor(options: TrackRegistryOptions) {
    this.#options = options;
  }

  /** Undefined for a track that has not started, or has ended. */
  state(trackId: number): TrackState | undefined {
    const entry = this.#entries.get(trackId);
    return entry && withUnknown(entry.state, entry.unknown.person);
  }

  started(track: Track, frame: FrameRef): void {
    const key = `${this.#options.cameraId}/${this.#run}/${track.id}`;
    const after: TrackState = { id: track.id, key, identity: { state: 'undecided' } };
    this.#entries.set(track.id, {
      state: after,
      unknown: { person: undefined },
      heldFor: 0,
      concluded: undefined,
      last: undefined,
    });
    this.#queue(() => ({ type: 'started', track, frame, after }));
  }

  /** A frame by itself changes no state. */
  observe(): void {}

  /** Has the end of a track, which is about to be reported, wait for a last decision. @param concluded never rejects */
  holdEnd(trackId: number, concluded: Promise<void>): void {
    const entry = this.#entries.get(trackId);
    if (entry) entry.concluded = concluded;
  }

  ended(track: Track, frame: FrameRef): void {
    const entry = this.#entries.get(track.id);
    if (!entry || entry.last) return;
    const { concluded } = entry;
    if (concluded === undefined) return this.#queue(this.#end(entry, track, frame));
    const last: Telling[] = [];
    entry.last = last;
    void this.#inOrder(async () => {
      await concluded;
      for (const change of [...last, this.#end(entry, track, frame)]) await this.#tell(change);
    });
  }

  /** Forgets a track. @returns the end to tell */
  #end(entry: Entry, track: Track, frame: FrameRef): Telling {
    this.#entries.delete(track.id);
    const { unknown, heldFor } = entry;
    const { identity } = entry.state;
    // A track that split ends as it was before the doubt, when there was nothing to hold.
    const isBeforeDoubt = identity.state === 'held' && (track.doubt?.ordinal ?? 0) < heldFor;
    const state = isBeforeDoubt ? { ...entry.state, identity: identity.before } : entry.state;
    return () => ({ type: 'ended', track, frame, before: withUnknown(state, unknown.person) });
  }

  /**
   * Applies a decision; ignores one about a track that has ended.
   * @param unknown resolves with the unknown person that the track shows, if any; never rejects
   */
  decided({ kind, identity, track, frame }: TrackDecision, unknown?: Promise<UnknownRef | undefined>): void {
    const entry = this.#entries.get(track.id);
    if (!entry) return;
    const before = withUnknown(entry.state, entry.unknown.person);
    const after = { ...before, identity };
    entry.state = after;
    if (kind === 'held') entry.heldFor = track.doubt?.ordinal ?? 0;
    if (kind !== 'held' && kind !== 'confirmed') entry.unknown = { person: undefined };
    const about = entry.unknown;
    const change: Telling = async () => {
      about.person ??= await unknown;
      return { type: 'identified', kind, track, frame, before, after: withUnknown(after, about.person) };
    };
    if (entry.last) entry.last.push(change);
    else this.#queue(change);
  }

  /** Applies newer evidence for the current decision. This does not count as a change. */
  confirmed(trackId: number, identity: Identity): void {
    const entry = this.#entries.get(trackId);
    if (!entry || !isSameDecision(entry.state.identity, identity)) return;
    entry.state = { ...entry.state, identity };
  }

  /** Calls `act` once `onChange` was called for every change so far. */
  afterChanges(act: () => void): void {
    void this.#inOrder(act).catch(this.#options.onError);
  }

  /** Resolves once `onChange` was called for every change. */
  async close(): Promise<void> {
    await this.#inOrder(() => undefined);
  }

  #queue(change: Telling): void {
    void this.#inOrder(() => this.#tell(change));
  }

  /** Never rejects. */
  async #tell(change: Telling): Promise<void> {
    try {
      this.#options.onChange(await change());
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

function withUnknown(state: TrackState, unknown: UnknownRef | undefined): TrackState {
  const { identity } = state;
  if (unknown === undefined) return state;
  if (identity.state === 'unknown') return { ...state, identity: { ...identity, unknown } };
  if (identity.state !== 'held' || identity.before.state !== 'unknown') return state;
  return { ...state, identity: { ...identity, before: { ...identity.before, unknown } } };
}

function isSameDecision(one: Identity, other: Identity): boolean {
  if (one.state === 'held' || other.state === 'held') return one.state === other.state;
  if (one.state !== 'known' || other.state !== 'known') return one.state === other.state;
  return one.person.id === other.person.id;
}
