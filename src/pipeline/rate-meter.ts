/** Measures events per second over a sliding window, from how many there were at some moments. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #counts: { readonly timeMs: number; readonly total: number }[] = [];
  #total = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param total how many there were until now; one more than last time when left out */
  add(nowMs: number, total = this.#total + 1): void {
    this.#total = total;
    this.#counts.push({ timeMs: nowMs, total });
    this.#forget(nowMs);
  }

  /** Events per second over the window that ends at `nowMs`. */
  rate(nowMs: number): number {
    this.#forget(nowMs);
    const [first, last] = [this.#counts[0], this.#counts.at(-1)];
    if (first === undefined || last === undefined || first === last) return 0;
    // Between n moments there are n − 1 intervals. Silence at the end counts as time, too.
    const intervalMs = (last.timeMs - first.timeMs) / (this.#counts.length - 1);
    const elapsedMs = Math.max(last.timeMs - first.timeMs, nowMs - first.timeMs - intervalMs);
    return (1000 * (last.total - first.total)) / elapsedMs;
  }

  #forget(nowMs: number): void {
    while ((this.#counts[0]?.timeMs ?? nowMs) < nowMs - this.#windowMs) this.#counts.shift();
  }
}
