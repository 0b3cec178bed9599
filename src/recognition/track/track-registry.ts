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
}

/**
 * Holds the state of every track of a camera. A state changes at once; `onChange` is called in order, and for a decision
 * `unknown` only once the unknown person has been identified.
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
    return this.#entries.get(trackId)?.state;
  }

  started(track: Track, frame: FrameRef): void {
    const key = `${this.#options.cameraId}/${this.#run}/${track.id}`;
    const after: TrackState = { id: track.id, key, identity: { state: 'undecided' } };
    this.#entries.set(track.id, { state: after });
    this.#tell(() => ({ type: 'started', track, frame, after }));
  }

  /** A frame by itself changes no state. */
  observe(): void {}

  ended(track: Track, frame: FrameRef): void {
    const entry = this.#entries.get(track.id);
    if (!entry) return;
    this.#entries.delete(track.id);
    this.#tell(() => ({ type: 'ended', track, frame, before: entry.state }));
  }

  /**
   * Applies a decision; ignores one about a track that has ended.
   * @param unknown resolves with the unknown person that the track shows, if any; never rejects
   */
  decided({ kind, identity, track, frame }: TrackDecision, unknown?: Promise<UnknownRef | undefined>): void {
    const entry = this.#entries.get(track.id);
    if (!entry) return;
    const before = entry.state;
    const after = { ...before, identity };
    entry.state = after;
    this.#tell(async () => {
      const person = await unknown;
      entry.state = withUnknown(entry.state, person);
      return { type: 'identified', kind, track, frame, before, after: withUnknown(after, person) };
    });
  }

  /** Applies newer evidence for the current decision. This does not count as a change. */
  confirmed(trackId: number, identity: Identity): void {
    const entry = this.#entries.get(trackId);
    if (!entry || !isSameDecision(entry.state.identity, identity)) return;
    const { identity: before } = entry.state;
    const person = before.state === 'unknown' ? before.unknown : undefined;
    entry.state = withUnknown({ ...entry.state, identity }, person);
  }

  /** Calls `act` once `onChange` was called for every change so far. */
  afterChanges(act: () => void): void {
    void this.#inOrder(act).catch(this.#options.onError);
  }

  /** Resolves once `onChange` was called for every change. */
  async close(): Promise<void> {
    await this.#inOrder(() => undefined);
  }

  #tell(change: () => TrackChange | Promise<TrackChange>): void {
    void this.#inOrder(async () => this.#options.onChange(await change())).catch(this.#options.onError);
  }
}

function withUnknown(state: TrackState, unknown: UnknownRef | undefined): TrackState {
  const { identity } = state;
  return identity.state === 'unknown' && unknown ? { ...state, identity: { ...identity, unknown } } : state;
}

function isSameDecision(one: Identity, other: Identity): boolean {
  if (one.state !== 'known' || other.state !== 'known') return one.state === other.state;
  return one.person.id === other.person.id;
}
