import {
  areaUnderCurve,
  bestThreshold,
  equalErrorRate,
  pointAtFar,
  rocCurve,
  type DistanceStep,
} from './roc.js';

/** Two photos with what is known of them and what was measured. */
export interface MeasuredPair {
  readonly same: boolean;
  /** Euclidean, of unit vectors. */
  readonly distance: number;
}

/** How well distances tell same from different; all rates 0 to 1. */
export interface VerificationFigures {
  /** Mean over the folds, each judged at the threshold that is best on the others. */
  readonly accuracy: number;
  /** Standard deviation of the folds' accuracies (of the folds, not of their mean: not divided by √folds). */
  readonly accuracyStd: number;
  readonly tarAtFar: { readonly '1e-2': number; readonly '1e-3': number };
  readonly eer: number;
  readonly auc: number;
  /** Largest accepted distance that judges most of all pairs rightly. */
  readonly threshold: number;
  readonly pairs: number;
  readonly folds: number;
}

/**
 * The figures of LFW's protocol (G. Huang et al., UMass Amherst 2007; "unrestricted" in E. Learned-Miller et al. 2014).
 * A single fold, as of View 1, has no others to choose a threshold on: it is judged at its own best one, which
 * flatters a little, and the deviation is 0.
 *
 * @throws RangeError when a training part lacks genuine or impostor pairs
 */
export function verificationFigures(folds: readonly (readonly MeasuredPair[])[]): VerificationFigures {
  const pairs = folds.flat();
  const roc = rocCurve(distanceSteps(pairs));
  const accuracies = folds.map((fold, index) => {
    const others = folds.length === 1 ? pairs : folds.toSpliced(index, 1).flat();
    return accuracyAt(fold, bestThreshold(rocCurve(distanceSteps(others))));
  });
  const accuracy = mean(accuracies);
  return {
    accuracy,
    accuracyStd: Math.sqrt(mean(accuracies.map((value) => (value - accuracy) ** 2))),
    tarAtFar: { '1e-2': pointAtFar(roc, 1e-2).tar, '1e-3': pointAtFar(roc, 1e-3).tar },
    eer: equalErrorRate(roc),
    auc: areaUnderCurve(roc),
    threshold: bestThreshold(roc),
    pairs: pairs.length,
    folds: folds.length,
  };
}

/** The pairs counted by distance, smallest first. */
export function distanceSteps(pairs: readonly MeasuredPair[]): DistanceStep[] {
  const steps: { distance: number; genuine: number; impostor: number }[] = [];
  for (const { same, distance } of pairs.toSorted((a, b) => a.distance - b.distance)) {
    if (steps.at(-1)?.distance !== distance) steps.push({ distance, genuine: 0, impostor: 0 });
    steps.at(-1)![same ? 'genuine' : 'impostor']++;
  }
  return steps;
}

function accuracyAt(pairs: readonly MeasuredPair[], threshold: number): number {
  return mean(pairs.map(({ same, distance }) => (distance <= threshold === same ? 1 : 0)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
