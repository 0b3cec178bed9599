export interface DetectionSchedulerOptions {
  /** What the searches share, such as `the main loop`; for messages. */
  readonly place: string;
  /** Part of the place's time that all searches together may take, 0 to 1. */
  readonly share: number;
}

/** A camera that takes part. */
export interface Participant {
  /** Most searches a second, or `auto` for as many as there is time for. */
  readonly rate: number | 'auto';
  /** Searches the camera's newest frame. Must not reject. */
  readonly search: () => Promise<void>;
}

/** What decides how often a camera is searched. */
export interface DetectionLoad {
  readonly place: string;
  /** Cameras that are searched here now, this one included. */
  readonly cameras: number;
  /** How long a search of this camera takes on average, and took at its fastest; 0 before the first. */
  readonly searchMs: number;
  readonly fastestMs: number;
}

/** The turns of one camera. */
export interface DetectionTurns {
  /** Asks for one search, which is run when it is this camera's turn. Asking again before that changes nothing. */
  request(): void;
  load(): DetectionLoad;
  /** Leaves. A search that is running goes on, one that was asked for is not run. */
  close(): void;
}

/** A camera that has waited this long goes first, so that everybody gets a turn within a second if that is possible. */
const patienceMs = 500;
/** A camera that was searched this recently takes part in sharing the time. */
const recentMs = 5000;
/** Weight of the newest measurement in the moving average of a search's duration. */
const newestWeight = 0.2;

class Seat {
  readonly intervalMs: number;
  readonly search: () => Promise<void>;
  waitingSince: number | undefined;
  startedAt = -Infinity;
  /** What the camera has used so far, on the scheduler's virtual clock. */
  usedMs = 0;
  meanMs = 0;
  fastestMs = Infinity;

  constructor({ rate, search }: Participant) {
    this.intervalMs = rate === 'auto' ? 0 : 1000 / rate;
    this.search = search;
  }

  /** When the next search may start; `Infinity` while none is asked for. */
  get readyAt(): number {
    return this.waitingSince === undefined ? Infinity : this.startedAt + this.intervalMs;
  }
}

/**
 * Shares one place where searches run, the main loop or a thread, among cameras. One search runs at a time, and the next
 * begins when it ends. The camera that has used the least time goes first (start-time fair queueing: P. Goyal et al.,
 * SIGCOMM 1996), so that each gets an equal share of the time, and what one does not need goes to the others. A camera that
 * has waited for half a second goes before all that have waited less, however little they used.
 */
export class DetectionScheduler {
  readonly #options: DetectionSchedulerOptions;
  readonly #seats = new Set<Seat>();
  #isRunning = false;
  #pausedUntil = -Infinity;
  #virtualMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DetectionSchedulerOptions) {
    this.#options = options;
  }

  join(participant: Participant): DetectionTurns {
    const seat = new Seat(participant);
    this.#seats.add(seat);
    return {
      request: () => {
        if (!this.#seats.has(seat)) return;
        seat.waitingSince ??= performance.now();
        this.#next();
      },
      load: () => this.#loadOf(seat),
      close: () => {
        this.#seats.delete(seat);
        this.#next();
      },
    };
  }

  /** Starts the next search if it is time for one, or sets a timer for when it will be. */
  #next(): void {
    if (this.#isRunning) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const readyAt = Math.min(...[...this.#seats].map((seat) => seat.readyAt));
    if (readyAt === Infinity) return;
    const startAt = Math.max(readyAt, this.#pausedUntil);
    if (startAt > now) this.#timer = setTimeout(() => this.#next(), Math.ceil(startAt - now));
    else void this.#run(this.#choose(now), now);
  }

  #choose(now: number): Seat {
    const ready = [...this.#seats].filter((seat) => seat.readyAt <= now);
    const waitedMs = (seat: Seat): number => now - Math.max(seat.waitingSince ?? now, seat.readyAt);
    return ready.reduce((best, seat) => {
      if (waitedMs(seat) < patienceMs && waitedMs(best) < patienceMs)
        return seat.usedMs < best.usedMs ? seat : best;
      return waitedMs(seat) > waitedMs(best) ? seat : best;
    });
  }

  async #run(seat: Seat, now: number): Promise<void> {
    this.#isRunning = true;
    seat.waitingSince = undefined;
    seat.startedAt = now;
    // Time that a camera left unused earlier does not entitle it to more than its share now.
    seat.usedMs = Math.max(seat.usedMs, this.#virtualMs);
    this.#virtualMs = seat.usedMs;
    try {
      await seat.search();
    } finally {
      const endedAt = performance.now();
      this.#charge(seat, endedAt - now);
      this.#pausedUntil = endedAt + (endedAt - now) * (1 / this.#options.share - 1);
      this.#isRunning = false;
      this.#next();
    }
  }

  #charge(seat: Seat, durationMs: number): void {
    seat.usedMs += durationMs;
    seat.meanMs += (seat.fastestMs === Infinity ? 1 : newestWeight) * (durationMs - seat.meanMs);
    seat.fastestMs = Math.min(seat.fastestMs, durationMs);
  }

  #loadOf(seat: Seat): DetectionLoad {
    const now = performance.now();
    const isBusy = ({ waitingSince, startedAt }: Seat): boolean =>
      waitingSince !== undefined || now - startedAt < recentMs;
    const others = [...this.#seats].filter((other) => other !== seat && isBusy(other));
    return {
      place: this.#options.place,
      cameras: others.length + 1,
      searchMs: seat.meanMs,
      fastestMs: seat.fastestMs === Infinity ? 0 : seat.fastestMs,
    };
  }
}
