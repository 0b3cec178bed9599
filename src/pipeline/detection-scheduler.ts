export interface DetectionSchedulerOptions {
  /** Part of the main loop's time that all detections together may take, 0 to 1. */
  readonly share: number;
}

/** One camera's turn-taking: ask `admit` for each frame, and when it says yes call `run` with the detection. */
export interface DetectionTurns {
  /** Whether this camera may search a frame now. */
  admit(): boolean;
  run<T>(detect: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Weight of the newest measurement in the running mean of what a detection costs. */
const newestWeight = 0.2;

/**
 * Shares the main loop among the cameras' detections: one runs at a time, and each camera waits after a detection
 * until its part of the budget has paid for it. With one camera and a fast detector every frame is searched; with
 * many, each is searched less often and tracks are predicted in between.
 */
export class DetectionScheduler {
  readonly #share: number;
  readonly #cameras = new Set<object>();
  #running = false;

  constructor({ share }: DetectionSchedulerOptions) {
    this.#share = share;
  }

  /** @param rate most detections a second, or `auto` for as many as the budget allows */
  join(rate: number | 'auto'): DetectionTurns {
    const camera = {};
    this.#cameras.add(camera);
    const shortestPauseMs = rate === 'auto' ? 0 : 1000 / rate;
    let meanCostMs: number | undefined;
    let nextAt = 0;
    return {
      admit: () => !this.#running && performance.now() >= nextAt,
      run: async (detect) => {
        this.#running = true;
        const startedAt = performance.now();
        try {
          return await detect();
        } finally {
          this.#running = false;
          const costMs = performance.now() - startedAt;
          meanCostMs = meanCostMs === undefined ? costMs : meanCostMs + newestWeight * (costMs - meanCostMs);
          nextAt = startedAt + Math.max(shortestPauseMs, (meanCostMs * this.#cameras.size) / this.#share);
        }
      },
      close: () => void this.#cameras.delete(camera),
    };
  }
}
