/** How many pairs of photos lie at one distance: of one person, and of two people. */
export interface DistanceStep {
  readonly distance: number;
  readonly genuine: number;
  readonly impostor: number;
}

/** What comes of accepting pairs, that is of taking them for one person, at or below a threshold. */
export interface RocPoint {
  readonly threshold: number;
  /** Share of the impostor pairs accepted, 0 to 1. */
  readonly far: number;
  /** Share of the genuine pairs accepted, 0 to 1. */
  readonly tar: number;
  /** Pairs of either kind that are judged rightly. */
  readonly correct: number;
}

/** Receiver operating characteristic: a point for each distance, from nothing accepted to everything. */
export interface Roc {
  readonly genuine: number;
  readonly impostor: number;
  /** The first has threshold −∞. Pairs of equal distance are accepted together. */
  readonly points: readonly RocPoint[];
}

/**
 * @param steps by distance, smallest first, each distance once
 * @throws RangeError without a genuine or without an impostor pair: then no error rate exists
 */
export function rocCurve(steps: readonly DistanceStep[]): Roc {
  const genuine = steps.reduce((sum, step) => sum + step.genuine, 0);
  const impostor = steps.reduce((sum, step) => sum + step.impostor, 0);
  if (genuine === 0 || impostor === 0) {
    throw new RangeError(
      `Expected pairs of both kinds but received ${genuine} genuine, ${impostor} impostor`,
    );
  }
  const points: RocPoint[] = [{ threshold: -Infinity, far: 0, tar: 0, correct: impostor }];
  let [trueAccepts, falseAccepts] = [0, 0];
  for (const step of steps) {
    trueAccepts += step.genuine;
    falseAccepts += step.impostor;
    const correct = trueAccepts + impostor - falseAccepts;
    points.push({
      threshold: step.distance,
      far: falseAccepts / impostor,
      tar: trueAccepts / genuine,
      correct,
    });
  }
  return { genuine, impostor, points };
}

/** Area under the curve: how likely a genuine pair is nearer than an impostor pair, ties counting half. 0 to 1. */
export function areaUnderCurve({ points }: Roc): number {
  return points.slice(1).reduce((sum, { far, tar }, index) => {
    const before = points[index]!;
    return sum + ((far - before.far) * (tar + before.tar)) / 2;
  }, 0);
}

/** The rate, 0 to 1, at which false accepts and false rejects are equally frequent; linear between two points. */
export function equalErrorRate({ points }: Roc): number {
  const excess = ({ far, tar }: RocPoint): number => far - (1 - tar);
  const at = points.findIndex((point) => excess(point) >= 0);
  // The curve begins with an excess of −1 and ends with 1.
  const [before, after] = [points[at - 1]!, points[at]!];
  const part = excess(before) / (excess(before) - excess(after));
  return before.far + part * (after.far - before.far);
}

/**
 * The point with most true accepts whose false-accept rate is `far` or less. With fewer than 1 / `far` impostor pairs
 * that means no false accept at all.
 */
export function pointAtFar({ points }: Roc, far: number): RocPoint {
  return points.findLast((point) => point.far <= far)!;
}

/**
 * The threshold that judges most pairs rightly, the strictest of several as good; halfway to the next distance, so
 * that no pair lies on it.
 */
export function bestThreshold({ points }: Roc): number {
  const most = points.slice(1).reduce((best, { correct }) => Math.max(best, correct), 0);
  const at = points.findIndex(({ threshold, correct }) => threshold !== -Infinity && correct === most);
  const { threshold } = points[at]!;
  return (threshold + (points[at + 1]?.threshold ?? threshold)) / 2;
}
