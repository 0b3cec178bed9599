import type { Doubt, DoubtReason, Track } from '../core/face.js';
import type { Box } from '../core/geometry.js';
import { BoxMotion } from './box-motion.js';
import { reasonToDoubt, type Sight } from './doubt.js';
import type { TrackerOptions } from './options.js';

/** What the tracker needs to know about a track to pair it with a detection. */
export interface Candidate {
  /** Where the face is expected now, in pixels. */
  readonly box: Box;
  /** Seconds since it was last seen. */
  readonly unseenSeconds: number;
}

/** The circumstances of a search. */
export interface SearchMoment {
  readonly timeMs: number;
  /** The interval between searches at present. */
  readonly intervalMs: number;
}

/** One face that the tracker follows. */
export class FollowedFace {
  readonly id: number;
  readonly #options: TrackerOptions;
  readonly #motion: BoxMotion;
  readonly #firstSeenAt: number;
  #last: Sight;
  #hits = 1;
  #missed = 0;
  #isConfirmed: boolean;
  #isDetected = true;
  /** Whether another track was at the same place at the last search. */
  #isContested = false;
  #hasContestChanged = false;
  #doubt: Doubt | undefined;
  /** The track before the first doubt that no observation has settled, and when it was seen after that. */
  #beforeDoubt: { readonly farewell: Track; readonly since: number; readonly hits: number } | undefined;

  constructor(id: number, sight: Sight, options: TrackerOptions) {
    this.id = id;
    this.#options = options;
    this.#motion = new BoxMotion(sight.detection.box, sight.timeMs, options);
    this.#firstSeenAt = sight.timeMs;
    this.#last = sight;
    this.#isConfirmed = options.minHits <= 1;
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /** Whether the face was hidden for so long that its track has ended. */
  isGone({ timeMs, intervalMs }: SearchMoment): boolean {
    const { maxHiddenMs, maxTentativeGapMs, maxGapIntervals } = this.#options;
    const leastMs = this.#isConfirmed ? maxHiddenMs : maxTentativeGapMs;
    return timeMs - this.#last.timeMs > Math.max(leastMs, maxGapIntervals * intervalMs);
  }

  /** Updates the track with the sight that was assigned to it. */
  see(sight: Sight, { timeMs, intervalMs }: SearchMoment): void {
    const { minHits, minHitsFarApart, farApartMs } = this.#options;
    const passage = {
      expected: this.#motion.at(timeMs),
      missed: this.#missed,
      intervalMs,
      overlapped: this.#hasContestChanged,
    };
    const reason = reasonToDoubt(this.#last, sight, passage);
    if (reason) this.#raiseDoubt(reason, timeMs);
    this.#motion.correct(sight.detection.box, timeMs);
    this.#last = sight;
    this.#hits += 1;
    this.#missed = 0;
    this.#isDetected = true;
    this.#hasContestChanged = false;
    this.#isConfirmed ||=
      this.#hits >= (intervalMs > farApartMs ? Math.min(minHits, minHitsFarApart) : minHits);
  }

  /** Records that no detection was assigned to the track. */
  miss(): void {
    this.#isDetected = false;
    this.#missed += 1;
  }

  /** Records whether another track claims the same place now; when that changes, the next sight is doubtful. */
  contest(isContested: boolean): void {
    if (isContested !== this.#isContested) this.#hasContestChanged = true;
    this.#isContested = isContested;
  }

  /** An observation made after the doubt of this ordinal showed the same face as before; later doubts stand. */
  trust(ordinal: number): void {
    if (ordinal >= (this.#doubt?.ordinal ?? 0)) this.#beforeDoubt = undefined;
  }

  /** Splits off the face that an observation has shown to be another one. @returns both, the one before as it ended */
  split(id: number): { before: Track; after: FollowedFace } {
    const { farewell, since, hits } = this.#beforeDoubt ?? {
      farewell: this.farewell(),
      since: this.#last.timeMs,
      hits: this.#hits - 1,
    };
    const after = new FollowedFace(id, { ...this.#last, timeMs: since }, this.#options);
    after.#last = this.#last;
    after.#hits = Math.max(1, this.#hits - hits);
    after.#isConfirmed = true;
    after.#isDetected = this.#isDetected;
    after.#missed = this.#missed;
    after.#isContested = this.#isContested;
    after.#motion.correct(this.#last.detection.box, this.#last.timeMs);
    return { before: farewell, after };
  }

  candidate(timeMs: number): Candidate {
    return { box: this.#motion.at(timeMs), unseenSeconds: (timeMs - this.#last.timeMs) / 1000 };
  }

  /** The track after the last update. */
  track(timeMs: number): Track {
    return {
      id: this.id,
      state: this.#state(),
      box: this.#motion.at(timeMs),
      detection: this.#isDetected ? this.#last.detection : undefined,
      hits: this.#hits,
      velocity: this.#motion.velocity,
      firstSeenAt: this.#firstSeenAt,
      lastSeenAt: this.#last.timeMs,
      doubt: this.#doubt,
    };
  }

  /** The predicted track at a time when no detection ran. */
  prediction(timeMs: number): Track {
    return { ...this.track(timeMs), detection: undefined };
  }

  /** The track in its last seen state, for when it ends. */
  farewell(): Track {
    return { ...this.prediction(this.#last.timeMs), state: 'lost' };
  }

  #raiseDoubt(reason: DoubtReason, timeMs: number): void {
    this.#beforeDoubt ??= { farewell: this.farewell(), since: timeMs, hits: this.#hits };
    this.#doubt = { ordinal: (this.#doubt?.ordinal ?? 0) + 1, reason };
  }

  #state(): Track['state'] {
    if (!this.#isConfirmed) return 'tentative';
    return this.#isDetected ? 'confirmed' : 'lost';
  }
}
