import type { TrackRecognition } from './track-recognition.js';

/** What the recognizer remembers of a track in view, apart from its state: when to observe it and when to match again. */
export interface ObservedTrack {
  readonly recognition: TrackRecognition;
  /** As the schedule wants to know it; see there. */
  lastSubmittedAt: number | undefined;
  /** Whether a crop is being embedded or matched. */
  inFlight: boolean;
  observations: number;
  bestQuality: number;
  /** Whether the gallery or the rules have changed since the observations were matched. */
  stale: boolean;
}

/** A track that was not observed with the model in use. */
export function newObservedTrack(recognition: TrackRecognition): ObservedTrack {
  return {
    recognition,
    lastSubmittedAt: undefined,
    inFlight: false,
    observations: 0,
    bestQuality: 0,
    stale: false,
  };
}
