import { SightlineError } from '../../core/errors.js';
import {
  areaUnderCurve,
  bestThreshold,
  equalErrorRate,
  pointAtFar,
  rocCurve,
  type DistanceStep,
} from './roc.js';

/** Two photos, as paths below LFW's image folder, and whether they show one person. */
export interface LabelledPair {
  readonly same: boolean;
  readonly photos: readonly [string, string];
}

/**
 * Reads a tab-separated pairs file of Labeled Faces in the Wild. The first line has the number of pairs of each kind
 * (View 1, one fold), or the number of folds and the number of pairs of each kind in a fold (View 2: `10 300`). Each
 * fold lists its genuine pairs, `name n n`, and then its impostor pairs, `name n name n`.
 *
 * @returns the pairs fold by fold
 * @throws SightlineError PAIRS_INVALID with the number of the line
 */
export function parseLfwPairs(text: string): LabelledPair[][] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  const { folds, perKind } = parseHeader(lines[0]!);
  const expected = 1 + folds * perKind * 2;
  if (lines.length !== expected) {
    throw new SightlineError(
      'PAIRS_INVALID',
      `Expected ${expected} lines, as the first one says, but received ${lines.length}.`,
    );
  }
  return Array.from({ length: folds }, (_, fold) =>
    Array.from({ length: perKind * 2 }, (_, index) => {
      const at = 1 + fold * perKind * 2 + index;
      return parsePair(lines[at]!, at, index < perKind);
    }),
  );
}

function parseHeader(line: string): { folds: number; perKind: number } {
  const [, first, second] = /^([1-9]\d{0,5})(?:\t([1-9]\d{0,5}))?$/.exec(line.trim()) ?? [];
  if (first === undefined) throw invalid(0, 'one count, or two with a tab between', line);
  return second === undefined
    ? { folds: 1, perKind: Number(first) }
    : { folds: Number(first), perKind: Number(second) };
}

function parsePair(line: string, at: number, same: boolean): LabelledPair {
  const cells = line.trim().split('\t');
  const [first = '', number = '', ...rest] = cells;
  const [second = '', otherNumber = ''] = same ? [first, ...rest] : rest;
  const complete = cells.length === (same ? 3 : 4) && first !== '' && second !== '';
  if (!complete || ![number, otherNumber].every((text) => /^[1-9]\d{0,5}$/.test(text))) {
    const expected = same ? 'name, number, number' : 'name, number, name, number';
    throw invalid(at, `${expected} with tabs between`, line);
  }
  return { same, photos: [photoPath(first, number), photoPath(second, otherNumber)] };
}

function photoPath(name: string, number: string): string {
  return `${name}/${name}_${number.padStart(4, '0')}.jpg`;
}

function invalid(at: number, expected: string, line: string): SightlineError {
  const received = JSON.stringify(line.slice(0, 80));
  return new SightlineError(
    'PAIRS_INVALID',
    `Expected ${expected} at line ${at + 1}, but received ${received}.`,
  );
}

/** Two photos with the truth about them and their measured distance. */
export interface MeasuredPair {
  readonly same: boolean;
  /** Euclidean distance of unit vectors, 0 to 2. */
  readonly distance: number;
}

/** How well distances separate genuine from impostor pairs; all rates are 0 to 1. */
export interface VerificationFigures {
  /** Mean over the folds, each judged at the threshold that is best on the others. */
  readonly accuracy: number;
  /**
   * Standard deviation of the folds' accuracies. It is not the standard error of their mean, so not divided by √folds.
   */
  readonly accuracyStd: number;
  readonly tarAtFar: { readonly '1e-2': number; readonly '1e-3': number };
  readonly eer: number;
  readonly auc: number;
  /** The largest accepted distance that judges the most pairs correctly. */
  readonly threshold: number;
  readonly pairs: number;
  readonly folds: number;
}

/**
 * The figures of LFW's protocol (G. Huang et al., UMass Amherst 2007; "unrestricted" in E. Learned-Miller et al. 2014).
 * A single fold, like View 1, has no other folds to choose a threshold on. It is judged at its own best threshold,
 * which is slightly optimistic, and the deviation is 0.
 *
 * @throws RangeError if a training part has no genuine or no impostor pairs
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
