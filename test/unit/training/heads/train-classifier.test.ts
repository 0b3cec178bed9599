import { describe, expect, it } from 'vitest';
import { bestRejectLevel } from '../../../../src/training/heads/train-classifier.js';

describe('bestRejectLevel', () => {
  const scores = (known: number[], strangers: number[]) => [
    ...known.map((score) => ({ score, known: true })),
    ...strangers.map((score) => ({ score, known: false })),
  ];
  it('never parts equal scores', () => {
    // Rejecting one of the two strangers at 2 alone would look best.
    expect(bestRejectLevel(scores([3, 4], [1, 2, 2]))).toBe(2.5);
    expect(bestRejectLevel(scores([2, 2, 2, 3], [1, 2]))).toBe(1.5);
  });
  it('rejects none, and is a number that a file can keep, where strangers score no worse', () => {
    expect(bestRejectLevel(scores([1, 2], [3, 4]))).toBe(1);
  });
  it('lies in the gap where there is one, and at the fewest errors where not', () => {
    expect(bestRejectLevel(scores([5, 6, 7], [1, 2]))).toBe(3.5);
    expect(bestRejectLevel(scores([1, 6, 7, 8], [2, 3, 4]))).toBe(5);
  });
});
