import { describe, expect, it } from 'vitest';
import { signFlipTest } from '../../../../src/training/comparison/verdict.js';
import { seededRandom } from '../../../../src/training/random.js';
import { range } from '../made-up.js';

describe('signFlipTest', () => {
  it('gives the share of sign patterns that do as well', () => {
    // Of 32 patterns of five equal gains only one does as well; of 2, 1 and −1 three of eight do.
    expect(signFlipTest([1, 1, 1, 1, 1], seededRandom(1))).toBeCloseTo(1 / 32, 2);
    expect(signFlipTest([2, 1, -1], seededRandom(1))).toBeCloseTo(3 / 8, 1);
  });

  it('finds nothing in nothing, and nothing in a loss', () => {
    expect(signFlipTest([0, 0, 0], seededRandom(1))).toBe(1);
    expect(signFlipTest(Array<number>(10).fill(-1), seededRandom(1))).toBeCloseTo(1, 2);
  });

  it('is wrong in about one case in twenty where there is no effect', () => {
    const random = seededRandom(9);
    const alarms = range(400).filter(
      () =>
        signFlipTest(
          range(12).map(() => random() - 0.5),
          random,
        ) <= 0.05,
    ).length;
    expect(alarms).toBeGreaterThan(5);
    expect(alarms).toBeLessThan(40);
  });
});
