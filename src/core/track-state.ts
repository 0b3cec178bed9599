import type { Identity, Track } from './face.js';
import type { Frame } from './image.js';

/** A reference to a frame whose pixels may be gone. */
export type FrameRef = Pick<Frame, 'sequence' | 'width' | 'height' | 'capturedAt'>;

/** Settles the doubts about one track (`Track.doubt`), for an observer that has looked at its face. */
export interface DoubtSettler {
  /** The face is the one from before the doubt of this ordinal; later doubts stand. */
  trust(ordinal: number): void;
  /**
   * The face is another one. The track ends, as it was before the doubt, and a new one starts for that face; observers are
   * notified before this returns.
   * @returns the id of the new track; undefined when the track had ended already
   */
  split(): number | undefined;
}

/**
 * Follows the tracks of one camera. Calls come in this order: `started` and `ended` for the tracks that a frame
 * confirmed or lost, then `observe` with the frame. They must return at once and copy what they need of the pixels.
 */
export interface TrackObserver {
  /** A face was seen often enough to be followed. */
  started(track: Track, frame: FrameRef, doubts: DoubtSettler): void;
  /** A frame was searched; `tracks` are all that are alive after it, tentative and lost ones included. */
  observe(frame: Frame, tracks: readonly Track[]): void;
  /** A track ended, given in its last state; `frame` is the newest one searched. Its id is not used again. */
  ended(track: Track, frame: FrameRef): void;
  /** Resolves when all results so far are published and stored. No other call follows. */
  close(): Promise<void>;
}

/** Everything known about a track. A state is immutable; changes replace it. */
export interface TrackState {
  readonly id: number;
  /** Unique across cameras and runs of the program. */
  readonly key: string;
  /** Who it is, and for somebody without a name which unknown person, as soon as that is known. */
  readonly identity: Identity;
}

/**
 * What a decision changed. `recognized`: a face without a name got one; `changed`: a name was replaced or withdrawn;
 * `unknown`: it was first decided that nobody enrolled has this face; `unclear`: it was seen too poorly to decide; `held`: what was decided is in doubt; `confirmed`: it
 * stands again.
 */
export type DecisionKind = 'recognized' | 'unknown' | 'unclear' | 'changed' | 'held' | 'confirmed';

/** A change of a track's state that may be of interest outside, with the track as it was in `frame`. */
export type TrackChange = { readonly track: Track; readonly frame: FrameRef } & (
  | { readonly type: 'started'; readonly after: TrackState }
  | {
      readonly type: 'identified';
      readonly kind: DecisionKind;
      readonly before: TrackState;
      readonly after: TrackState;
    }
  | { readonly type: 'ended'; readonly before: TrackState }
);
