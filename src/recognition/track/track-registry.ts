import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { Identity, Track, UnknownRef } from '../../core/face.js';
import type { FrameRef, TrackObserver } from '../../core/track-observer.js';
import type { DecisionKind, TrackChange, TrackState } from '../../core/track-state.js';

export interface TrackRegistryOptions {
  readonly cameraId: string;
  /** Called with one change after the other, in the order in which they came about. */
  readonly onChange: (change: TrackChange) => void;
  /** Told what `onChange` threw. */
  readonly onError: (error: unknown) => void;
}

/** What was decided about a track, which was as it is here in `frame`. */
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
 * The one place that holds what is known of the tracks of a camera. A state changes at once; its changes are told in
 * order, and a decision that somebody is unknown is told when it is known which unknown person it is.
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

  /** What a frame shows changes no state by itself. */
  observe(): void {}

  ended(track: Track, frame: FrameRef): void {
    const entry = this.#entries.get(track.id);
    if (!entry) return;
    this.#entries.delete(track.id);
    this.#tell(() => ({ type: 'ended', track, frame, before: entry.state }));
  }

  /**
   * Takes in a decision; one about a track that is gone is ignored.
   * @param unknown resolves with the unknown person that it is, if any; never rejects
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

  /** Takes in newer evidence for the decision that stands. That is no change worth telling. */
  confirmed(trackId: number, identity: Identity): void {
    const entry = this.#entries.get(trackId);
    if (!entry || !isSameDecision(entry.state.identity, identity)) return;
    const { identity: before } = entry.state;
    const person = before.state === 'unknown' ? before.unknown : undefined;
    entry.state = withUnknown({ ...entry.state, identity }, person);
  }

  /** Acts when every change so far has been told. */
  afterChanges(act: () => void): void {
    void this.#inOrder(act).catch(this.#options.onError);
  }

  /** Resolves when every change has been told. */
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
