/** How many pairs of photos lie at one distance: of one person, and of two people. */
export interface DistanceStep {
  readonly distance: number;
  readonly genuine: number;
  readonly impostor: number;
}

/** The rates that result from accepting pairs, that is taking them for one person, at or below a threshold. */
export interface RocPoint {
  readonly threshold: number;
  /** Share of the impostor pairs accepted, 0 to 1. */
  readonly far: number;
  /** Share of the genuine pairs accepted, 0 to 1. */
  readonly tar: number;
  /** Pairs of either kind that are judged correctly. */
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
 * The ROC curve of pairs that were counted by distance.
 *
 * @param steps by distance, smallest first, each distance once
 * @throws RangeError if there is no genuine or no impostor pair, because then no error rate exists
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

/**
 * Area under the curve, 0 to 1: the probability that a genuine pair is nearer than an impostor pair; ties count half.
 */
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
 * The point with the most true accepts whose false-accept rate is at most `far`. With fewer than 1 / `far` impostor
 * pairs that means no false accept at all.
 */
export function pointAtFar({ points }: Roc, far: number): RocPoint {
  return points.findLast((point) => point.far <= far)!;
}

/**
 * The threshold that judges the most pairs correctly, or the strictest of several that do. It lies halfway to the next
 * distance, so that no pair lies on it.
 */
export function bestThreshold({ points }: Roc): number {
  const most = points.slice(1).reduce((best, { correct }) => Math.max(best, correct), 0);
  const at = points.findIndex(({ threshold, correct }) => threshold !== -Infinity && correct === most);
  const { threshold } = points[at]!;
  return (threshold + (points[at + 1]?.threshold ?? threshold)) / 2;
}

/** Distances are counted in steps of a thousandth, so that memory does not grow with the number of pairs. */
const stepsPerUnit = 1000;
const largestDistance = 2;

/** How many pairs lie at each distance, 0 to 2. */
export class DistanceCounts {
  /** The count of pairs at or below each step and above the step before. */
  readonly #counts = new Float64Array(largestDistance * stepsPerUnit + 1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(distance: number): void {
    this.#counts[Math.min(this.#counts.length - 1, Math.ceil(distance * stepsPerUnit))]!++;
    this.#total++;
  }

  /** Pairs at or below a distance, which is rounded to the thousandth. */
  within(distance: number): number {
    const last = Math.min(this.#counts.length - 1, Math.round(distance * stepsPerUnit));
    return this.#counts.subarray(0, last + 1).reduce((sum, count) => sum + count, 0);
  }

  /** The largest distance in whole thousandths with at most `pairs` pairs within it; null if there is none. */
  largestWithin(pairs: number): number | null {
    let within = 0;
    const next = this.#counts.findIndex((count) => (within += count) > pairs);
    return next === 0 ? null : (next === -1 ? this.#counts.length - 1 : next - 1) / stepsPerUnit;
  }

  /** The share of pairs at or below a distance, 0 to 1; null if there are no pairs. */
  shareWithin(distance: number): number | null {
    return this.#total === 0 ? null : this.within(distance) / this.#total;
  }

  /** Pairs in each of equal bins from 0 to 2; a bin includes its upper edge. */
  histogram(binWidth: number): number[] {
    const edges = Array.from(
      { length: Math.round(largestDistance / binWidth) },
      (_, bin) => (bin + 1) * binWidth,
    );
    return edges.map((edge, bin) => this.within(edge) - (bin === 0 ? 0 : this.within(edges[bin - 1]!)));
  }

  /** Both kinds of pairs as steps for `rocCurve`, with distances rounded up to the thousandth. */
  static steps(genuine: DistanceCounts, impostor: DistanceCounts): DistanceStep[] {
    return Array.from(genuine.#counts, (count, step) => ({
      distance: step / stepsPerUnit,
      genuine: count,
      impostor: impostor.#counts[step]!,
    })).filter((step) => step.genuine + step.impostor > 0);
  }
}
