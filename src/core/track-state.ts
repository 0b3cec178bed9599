import type { Identity, Track } from './face.js';
import type { FrameRef } from './track-observer.js';

/** Everything that is known of a track at a moment. Values never change; a new state takes the place of the old one. */
export interface TrackState {
  readonly id: number;
  /** Unique across cameras and runs of the program. */
  readonly key: string;
  /** Who it is, and for somebody without a name which unknown person, as soon as that is known. */
  readonly identity: Identity;
}

/**
 * What a decision changed. `recognized`: a face without a name got one; `changed`: a name was replaced or withdrawn;
 * `unknown`: it was first decided that nobody enrolled has this face.
 */
export type DecisionKind = 'recognized' | 'unknown' | 'changed';

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
