/** What the schedule needs to know about a track. Times are in ms on one monotonic clock. */
export interface TrackProgress {
  /** Undefined until a crop was submitted. */
  readonly lastSubmittedAt: number | undefined;
  /** Whether a crop is waiting for its result. */
  readonly inFlight: boolean;
  /** Results since `settled` last changed. */
  readonly observations: number;
  /** Whether there is a decision and the newest observation does not contradict it. */
  readonly settled: boolean;
  /** Whether the track may show another face than the one observed before. */
  readonly isInDoubt: boolean;
  /** Best quality of a submitted crop, judged by its landmarks, 0 to 1. */
  readonly bestQuality: number;
}

/** Interval between crops while there is no decision: people perceive a name within half a second as immediate. */
const undecidedIntervalMs = 120;
/** After this many observations without a decision more of them rarely help, though the face may still turn. */
const patientObservations = 20;
const patientIntervalMs = 1000;
/** Interval between crops once decided; doubles with each confirming observation, up to the longest. */
const settledIntervalMs = 3000;
const longestIntervalMs = 6000;
/**
 * When searches are this far apart, another face can take the place of one between any two of them, so each detection is
 * observed.
 */
const blindIntervalMs = 1000;
/** How much better a crop must be to be worth an extra observation. */
const clearlyBetter = 0.2;

/**
 * Whether to observe a track's face in this frame: when the track is new or in doubt, when the crop is clearly better than
 * any before, frequently until there is a decision, and rarely afterwards. Never while an observation is in flight.
 *
 * @param quality quality of this crop, judged by its landmarks, 0 to 1
 * @param now on the same clock as `progress`, in ms
 * @param searchIntervalMs the interval between searches at present
 */
export function shouldObserve(
  progress: TrackProgress,
  quality: number,
  now: number,
  searchIntervalMs: number,
): boolean {
  if (progress.inFlight) return false;
  if (progress.lastSubmittedAt === undefined || progress.isInDoubt) return true;
  if (searchIntervalMs >= blindIntervalMs) return true;
  // The search nearest to the wanted time: the one after it may be much later.
  const waited = now - progress.lastSubmittedAt + searchIntervalMs / 2;
  if (waited < undecidedIntervalMs) return false;
  return waited >= intervalMs(progress) || quality >= progress.bestQuality + clearlyBetter;
}

function intervalMs({ settled, observations }: TrackProgress): number {
  if (!settled) return observations < patientObservations ? undecidedIntervalMs : patientIntervalMs;
  return Math.min(longestIntervalMs, settledIntervalMs * 2 ** observations);
}
