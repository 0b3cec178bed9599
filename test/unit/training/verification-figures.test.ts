import { describe, expect, it } from 'vitest';
import {
  verificationFigures,
  type MeasuredPair,
} from '../../../src/training/evaluation/verification-figures.js';

const fold = (genuine: readonly number[], impostor: readonly number[]): MeasuredPair[] => [
  ...genuine.map((distance) => ({ same: true, distance })),
  ...impostor.map((distance) => ({ same: false, distance })),
];

describe('verificationFigures', () => {
  it('judges each fold at the threshold that is best on the others', () => {
    // The second fold's own threshold would be .6; the first one's, .3, judges half of its genuine pairs wrongly.
    const figures = verificationFigures([fold([0.2, 0.2], [0.4, 0.4]), fold([0.2, 0.5], [0.7, 0.7])]);
    // On the second fold alone the best is .6, which takes both impostor pairs of the first for genuine.
    expect(figures.accuracy).toBeCloseTo((0.5 + 0.75) / 2);
    expect(figures.accuracyStd).toBeCloseTo(0.125);
    expect(figures).toMatchObject({ pairs: 8, folds: 2 });
  });

  it('gives the deviation of the folds, not of their mean', () => {
    const good = fold([0.1, 0.1], [0.9, 0.9]);
    const bad = fold([0.1, 0.9], [0.1, 0.9]);
    const { accuracy, accuracyStd } = verificationFigures([good, good, good, bad]);
    expect(accuracy).toBeCloseTo(0.875);
    expect(accuracyStd).toBeCloseTo(Math.sqrt((3 * 0.125 ** 2 + 0.375 ** 2) / 4));
  });

  it('judges a single fold at its own best threshold, without deviation', () => {
    const figures = verificationFigures([fold([0.2, 0.3, 0.8, 0.4], [0.6, 0.7, 0.9, 1])]);
    expect(figures).toMatchObject({ accuracy: 7 / 8, accuracyStd: 0, folds: 1, pairs: 8 });
    expect(figures.threshold).toBeCloseTo(0.5);
    expect(figures.tarAtFar).toEqual({ '1e-2': 0.75, '1e-3': 0.75 });
    expect(figures.auc).toBeCloseTo(14 / 16);
  });

  it('cannot judge pairs of one kind only', () => {
    expect(() => verificationFigures([fold([0.1], [])])).toThrow(RangeError);
  });
});
