/** What the schedule must know about a track. Times are in ms on one monotonic clock. */
export interface TrackProgress {
  /** Undefined while no crop was submitted. */
  readonly lastSubmittedAt: number | undefined;
  /** Whether a crop is waiting for its result. */
  readonly inFlight: boolean;
  /** Results so far since the track was last undecided or in doubt, those that decided included. */
  readonly observations: number;
  /** Whether there is a decision that the newest result did not contradict. */
  readonly settled: boolean;
  /** Quality of the best crop submitted so far by its landmarks, 0 to 1. */
  readonly bestQuality: number;
}

/** Between crops while there is no decision: the eye finds a name that takes half a second immediate. */
const undecidedIntervalMs = 120;
/** After so many observations without a decision more of the same will not help; the face may turn, though. */
const patientObservations = 20;
const patientIntervalMs = 1000;
/** Between crops once decided; doubles with each observation that confirms, up to the longest. */
const settledIntervalMs = 3000;
const longestIntervalMs = 24_000;
/** So much better must a crop be to be worth an observation of its own. */
const clearlyBetter = 0.2;

/**
 * Whether to observe a track's face in this frame ("do work once"): when it is new, when the crop is clearly better
 * than any before, often until there is a decision, then seldom. Never while an observation is under way.
 *
 * @param quality of this crop by its landmarks, 0 to 1
 */
export function shouldObserve(progress: TrackProgress, quality: number, now: number): boolean {
  if (progress.inFlight) return false;
  if (progress.lastSubmittedAt === undefined) return true;
  const waited = now - progress.lastSubmittedAt;
  if (waited < undecidedIntervalMs) return false;
  return waited >= intervalMs(progress) || quality >= progress.bestQuality + clearlyBetter;
}

function intervalMs({ settled, observations }: TrackProgress): number {
  if (!settled) return observations < patientObservations ? undecidedIntervalMs : patientIntervalMs;
  return Math.min(longestIntervalMs, settledIntervalMs * 2 ** observations);
}
