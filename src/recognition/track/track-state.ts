import type { TrackRecognition } from './track-recognition.js';

/** What the recognizer keeps of a track in view. */
export interface TrackState {
  readonly recognition: TrackRecognition;
  /** As the schedule wants to know it; see there. */
  lastSubmittedAt: number | undefined;
  /** Whether a crop is being embedded or matched. */
  inFlight: boolean;
  looks: number;
  bestQuality: number;
  /** Whether the gallery or the rules have changed since the looks were matched. */
  stale: boolean;
}

/** A track that no look was taken at with the model in use. */
export function newTrackState(recognition: TrackRecognition): TrackState {
  return {
    recognition,
    lastSubmittedAt: undefined,
    inFlight: false,
    looks: 0,
    bestQuality: 0,
    stale: false,
  };
}
