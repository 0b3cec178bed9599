import type { DistanceMap } from '../core/heads.js';

/** Distances of photos of different people, the same pairs before and after a projection. */
export interface ImpostorDistances {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Pairs that the near end of the line stands on: fewer say little, and thresholds lie at that end or beyond it. */
const nearPairs = 10;

/**
 * The straight line that takes distances before a projection to those that strangers fall below as often after it. It
 * goes through the medians and through the near ends of both.
 */
export function matchImpostors({ before, after }: ImpostorDistances): DistanceMap {
  const share = Math.min(0.25, Math.max(0.001, nearPairs / before.length));
  const [near, middle] = [quantile(before, share), quantile(before, 0.5)];
  const [nearAfter, middleAfter] = [quantile(after, share), quantile(after, 0.5)];
  const factor = (middleAfter - nearAfter) / (middle - near);
  return { factor, offset: middleAfter - factor * middle };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] as number;
}
