import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistanceHistogram } from '../../../../src/recognition/calibration/distance-histogram.js';

describe('DistanceHistogram', () => {
  it('gives the distance that a share of the weight lies within', () => {
    const histogram = new DistanceHistogram();
    for (let step = 0; step < 1000; step++) histogram.add(0.5 + step / 1000, 1);
    for (const share of [0.05, 0.1, 0.2, 0.5, 0.9])
      expect(histogram.quantile(share)).toBeCloseTo(0.5 + share, 2);
  });

  it('grows with the share, and stays among the distances', () => {
    const distance = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(fc.array(distance, { minLength: 1, maxLength: 50 }), (distances) => {
        const histogram = new DistanceHistogram();
        for (const each of distances) histogram.add(each, 0.3);
        const shares = [0, 0.1, 0.5, 0.9, 1].map((share) => histogram.quantile(share));
        expect(shares).toEqual(shares.toSorted((a, b) => a - b));
        expect(shares[0]).toBeGreaterThan(Math.min(...distances) - 0.002);
        expect(shares[4]).toBeLessThan(Math.max(...distances) + 0.002);
      }),
    );
  });

  it('weighs', () => {
    const histogram = new DistanceHistogram();
    histogram.add(1, 9);
    histogram.add(0.5, 1);
    expect(histogram.quantile(0.9)).toBeCloseTo(1, 2);
  });

  it('has nothing to say without a distance', () => {
    expect(() => new DistanceHistogram().quantile(0.5)).toThrow(RangeError);
  });
});
