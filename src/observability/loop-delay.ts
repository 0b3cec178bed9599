import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the delay is sampled. */
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

/** How late timers of the main loop fired, in ms. */
export interface LoopDelayFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Measures how long the main loop was blocked, from its making until `stop()`. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  /** The figures since the last reading; zeros when nothing was sampled. */
  read(): LoopDelayFigures {
    const figures = {
      p50Ms: lateness(this.#histogram.percentile(50)),
      p99Ms: lateness(this.#histogram.percentile(99)),
      maxMs: lateness(this.#histogram.max),
    };
    this.#histogram.reset();
    return figures;
  }

  stop(): void {
    this.#histogram.disable();
  }
}

/** Node records the time between two ticks of its timer, its own interval included. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
}
