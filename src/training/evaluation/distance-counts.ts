import type { DistanceStep } from './roc.js';

/** Distances are counted in steps of a thousandth, so that millions of pairs take no memory. */
const stepsPerUnit = 1000;
const largestDistance = 2;

/** How many pairs lie at each distance, 0 to 2. */
export class DistanceCounts {
  /** Counts at or below each step and above the one before. */
  readonly #counts = new Float64Array(largestDistance * stepsPerUnit + 1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(distance: number): void {
    this.#counts[Math.min(this.#counts.length - 1, Math.ceil(distance * stepsPerUnit))]!++;
    this.#total++;
  }

  /** Pairs at or below a distance, which counts to the thousandth. */
  within(distance: number): number {
    const last = Math.min(this.#counts.length - 1, Math.round(distance * stepsPerUnit));
    return this.#counts.subarray(0, last + 1).reduce((sum, count) => sum + count, 0);
  }

  /** The largest distance, in thousandths, that at most `pairs` lie within; null when even the nearest are more. */
  largestWithin(pairs: number): number | null {
    let within = 0;
    const next = this.#counts.findIndex((count) => (within += count) > pairs);
    return next === 0 ? null : (next === -1 ? this.#counts.length - 1 : next - 1) / stepsPerUnit;
  }

  /** Their share of all; null without any. */
  shareWithin(distance: number): number | null {
    return this.#total === 0 ? null : this.within(distance) / this.#total;
  }

  /** Pairs in each of equal bins from 0 to 2; a bin holds its upper edge. */
  histogram(binWidth: number): number[] {
    const edges = Array.from(
      { length: Math.round(largestDistance / binWidth) },
      (_, bin) => (bin + 1) * binWidth,
    );
    return edges.map((edge, bin) => this.within(edge) - (bin === 0 ? 0 : this.within(edges[bin - 1]!)));
  }

  /** Both kinds of pairs as the steps of a curve, distances rounded up to the thousandth. */
  static steps(genuine: DistanceCounts, impostor: DistanceCounts): DistanceStep[] {
    return Array.from(genuine.#counts, (count, step) => ({
      distance: step / stepsPerUnit,
      genuine: count,
      impostor: impostor.#counts[step]!,
    })).filter((step) => step.genuine + step.impostor > 0);
  }
}
