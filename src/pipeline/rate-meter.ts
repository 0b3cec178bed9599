/** Measures events per second over a sliding window. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #times: number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(nowMs: number): void {
    this.#times.push(nowMs);
    this.#forget(nowMs);
  }

  /** Events per second over the window that ends at `nowMs`. */
  rate(nowMs: number): number {
    this.#forget(nowMs);
    const first = this.#times[0];
    if (first === undefined || this.#times.length < 2) return 0;
    // There are n − 1 intervals between n events. Silence at the end counts as time, too.
    const last = this.#times.at(-1) as number;
    const meanMs = (last - first) / (this.#times.length - 1);
    return (1000 * (this.#times.length - 1)) / Math.max(last - first, nowMs - first - meanMs);
  }

  #forget(nowMs: number): void {
    while (this.#times.length > 0 && (this.#times[0] as number) < nowMs - this.#windowMs) this.#times.shift();
  }
}
