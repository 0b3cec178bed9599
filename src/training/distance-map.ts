import type { DistanceMap } from '../core/heads.js';

/** Distances of photos of different people, the same pairs before and after a projection. */
export interface ImpostorDistances {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * The straight line that takes distances before a projection to those that strangers fall below as often after it. It
 * goes through the medians and through the nearest fiftieth: thresholds lie still further down, where a user's own
 * photos are too few to count.
 */
export function matchImpostors({ before, after }: ImpostorDistances): DistanceMap {
  const [near, middle] = [quantile(before, 0.02), quantile(before, 0.5)];
  const [nearAfter, middleAfter] = [quantile(after, 0.02), quantile(after, 0.5)];
  const factor = (middleAfter - nearAfter) / Math.max(middle - near, 1e-6);
  return { factor, offset: middleAfter - factor * middle };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] as number;
}
