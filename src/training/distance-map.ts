import type { DistanceMap } from '../core/heads.js';

/** Distances of two photos of different people before and after a projection that knew one of the two. */
export interface ImpostorPair {
  readonly people: readonly [string, string];
  readonly before: number;
  readonly after: number;
}

/** Pairs that the near end of the line stands on: fewer say little, and thresholds lie at that end or beyond it. */
const nearPairs = 10;

/**
 * The straight line that takes distances before a projection to those that strangers fall below as often after it. It
 * goes through the medians and through the near ends of both; where these are one, it moves all by as much as them.
 */
export function matchImpostors(pairs: readonly ImpostorPair[]): DistanceMap {
  const share = Math.min(0.25, Math.max(0.001, nearPairs / pairs.length));
  const [before, after] = [pairs.map((pair) => pair.before), pairs.map((pair) => pair.after)];
  const [near, middle] = [quantile(before, share), quantile(before, 0.5)];
  const [nearAfter, middleAfter] = [quantile(after, share), quantile(after, 0.5)];
  const hasSpread = middle > near && middleAfter > nearAfter;
  const factor = hasSpread ? (middleAfter - nearAfter) / (middle - near) : 1;
  return { factor, offset: middleAfter - factor * middle };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] as number;
}
