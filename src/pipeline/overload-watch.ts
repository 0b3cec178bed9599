import type { DetectionLoad } from './detection-scheduler.js';
import type { SearchState } from './search-pace.js';

/** Why a camera is overloaded; docs/errors.md says what to do. */
export interface OverloadReason {
  readonly code: 'FRAMES_LATE' | 'SEARCHES_WAIT' | 'SEARCHES_SLOW';
  readonly message: string;
}

/** How a camera is being searched. */
export interface SearchFigures extends DetectionLoad {
  readonly state: SearchState;
  /** Frames that could have been searched, and searches, per second over the last few seconds. */
  readonly framesPerSecond: number;
  readonly detectionsPerSecond: number;
}

export interface OverloadWatchOptions {
  /** Fewer searches than this per second are too few. */
  readonly leastPerSecond: number;
  readonly figures: (now: number) => SearchFigures;
  readonly onOverloaded: (reason: OverloadReason) => void;
  readonly onRecovered: () => void;
}

/** Nobody is overloaded if searched at least this often, in searches per second. */
const enoughPerSecond = 1;
/** Part of the rate that the user set which counts as reaching it. */
const reached = 0.8;
const checkEveryMs = 1000;
/** The figures are averages over five seconds, so they say nothing about a shorter time. */
const settleMs = 5000;
/** An overloaded camera has recovered after it was searched often enough for this long. */
const recoverMs = 10_000;

/** Searches per second below which a camera counts as overloaded. @param limits rates that the user set */
export function leastSearchRate(...limits: readonly (number | 'auto' | null)[]): number {
  const rates = limits.filter((limit) => typeof limit === 'number');
  return Math.min(enoughPerSecond, ...rates.map((rate) => rate * reached));
}

/**
 * Tells when a camera that is online is searched too seldom, and when it no longer is. A camera in which nothing moves
 * needs no searches, but it needs frames, for without them nobody knows that nothing moves.
 */
export class OverloadWatch {
  readonly #options: OverloadWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #reason: OverloadReason | undefined;
  #onlineSince = 0;
  /** Since when searches are needed, and since when there have been enough of them. */
  #neededSince: number | undefined;
  #enoughSince: number | undefined;

  constructor(options: OverloadWatchOptions) {
    this.#options = options;
  }

  /** Why the camera is overloaded, if it is. */
  get reason(): OverloadReason | undefined {
    return this.#reason;
  }

  /** The camera has come online. */
  start(): void {
    this.stop();
    this.#onlineSince = performance.now();
    this.#timer = setInterval(() => this.#check(), checkEveryMs).unref();
  }

  /** The camera is no longer online, so it is not overloaded either. */
  stop(): void {
    clearInterval(this.#timer);
    this.#reason = undefined;
    this.#neededSince = undefined;
    this.#enoughSince = undefined;
  }

  #check(): void {
    const now = performance.now();
    const reason = this.#shortage(now);
    if (reason !== undefined) {
      this.#enoughSince = undefined;
      const isNew = this.#reason === undefined;
      this.#reason = reason;
      if (isNew) this.#options.onOverloaded(reason);
    } else if (this.#reason !== undefined) {
      this.#enoughSince ??= now;
      if (now - this.#enoughSince < recoverMs) return;
      this.#reason = undefined;
      this.#options.onRecovered();
    }
  }

  #shortage(now: number): OverloadReason | undefined {
    const { leastPerSecond } = this.#options;
    const figures = this.#options.figures(now);
    if (figures.state === 'idle') this.#neededSince = undefined;
    else this.#neededSince ??= now;
    if (now - this.#onlineSince >= settleMs && figures.framesPerSecond < leastPerSecond)
      return framesLate(figures);
    const isSettled = this.#neededSince !== undefined && now - this.#neededSince >= settleMs;
    if (!isSettled || figures.detectionsPerSecond >= leastPerSecond) return undefined;
    return figures.searchMs * leastPerSecond > 1000 ? searchesSlow(figures) : searchesWait(figures);
  }
}

function framesLate({ framesPerSecond }: SearchFigures): OverloadReason {
  const message = `Only ${rate(framesPerSecond)} frames a second arrive: the camera sends few, or decoding them waits for processor time.`;
  return { code: 'FRAMES_LATE', message };
}

function searchesWait(figures: SearchFigures): OverloadReason {
  const { detectionsPerSecond, cameras, place } = figures;
  const sharing = cameras === 1 ? `it has ${place} to itself` : `${cameras} cameras share ${place}`;
  const message = `It is searched ${rate(detectionsPerSecond)} times a second: ${sharing}, and ${duration(figures)}.`;
  return { code: 'SEARCHES_WAIT', message };
}

function searchesSlow(figures: SearchFigures): OverloadReason {
  const message = `It is searched ${rate(figures.detectionsPerSecond)} times a second: ${duration(figures)}.`;
  return { code: 'SEARCHES_SLOW', message };
}

function duration({ searchMs, fastestMs }: SearchFigures): string {
  return `a search takes ${Math.round(searchMs)} ms (${Math.round(fastestMs)} ms at its fastest)`;
}

function rate(perSecond: number): string {
  return perSecond.toFixed(1);
}
