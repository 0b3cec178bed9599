export interface DetectionSchedulerOptions {
  /** Share of the main loop's time that all detections together may take, 0 to 1. */
  readonly share: number;
}

/** The turns of one camera. Call `admit` for each frame and, if it returns true, `run` with the detection. */
export interface DetectionTurns {
  /** Whether this camera may search a frame now. */
  admit(): boolean;
  run<T>(detect: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Weight of the newest measurement in the moving average of a detection's cost. */
const newestWeight = 0.2;

/**
 * Shares the main loop's time among the detections of all cameras. One detection runs at a time, and afterwards a camera
 * waits until its share of the budget covers the cost. With one camera and a fast detector every frame is searched; with
 * many cameras each is searched less often, and tracks are predicted in between.
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
