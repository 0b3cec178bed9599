import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistanceCounts } from '../../../src/training/evaluation/distance-counts.js';

const thousandths = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 60 });

function counts(steps: readonly number[]): DistanceCounts {
  const made = new DistanceCounts();
  // A little below the step, so that it rounds up to it.
  for (const step of steps) made.add(Math.max(0, step - 0.3) / 1000);
  return made;
}

describe('DistanceCounts', () => {
  it('counts within a distance as counting one by one does', () => {
    fc.assert(
      fc.property(thousandths, fc.integer({ min: 0, max: 2000 }), (steps, at) => {
        const made = counts(steps);
        const expected = steps.filter((step) => step <= at).length;
        expect(made.within(at / 1000)).toBe(expected);
        expect(made.shareWithin(at / 1000)).toBe(steps.length === 0 ? null : expected / steps.length);
      }),
    );
  });

  it('finds the largest distance that holds no more than so many pairs', () => {
    fc.assert(
      fc.property(thousandths, fc.integer({ min: 0, max: 60 }), (steps, pairs) => {
        const made = counts(steps);
        const largest = made.largestWithin(pairs);
        expect(largest === null ? 0 : made.within(largest)).toBeLessThanOrEqual(pairs);
        if (largest !== 2) expect(made.within(largest === null ? 0 : largest + 0.001)).toBeGreaterThan(pairs);
      }),
    );
  });

  it('has every pair in one bin of its histogram', () => {
    fc.assert(
      fc.property(thousandths, (steps) => {
        const bins = counts(steps).histogram(0.05);
        expect(bins).toHaveLength(40);
        expect(bins.reduce((sum, count) => sum + count, 0)).toBe(steps.length);
      }),
    );
    expect(
      counts([0, 50, 51, 2000])
        .histogram(0.05)
        .flatMap((count, bin) => (count > 0 ? [[bin, count]] : [])),
    ).toEqual([
      [0, 2],
      [1, 1],
      [39, 1],
    ]);
  });
});
