import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosineFromDistance,
  distanceFromCosine,
  euclideanDistance,
  l2Normalise,
} from '../../../src/core/distance.js';

const vector = fc
  .float32Array({ minLength: 2, maxLength: 64, noNaN: true, min: -100, max: 100 })
  .filter((values) => Math.hypot(...values) > 1e-3);

describe('l2Normalise', () => {
  it('gives length 1 and keeps the direction', () => {
    fc.assert(
      fc.property(vector, (values) => {
        const unit = l2Normalise(Float32Array.from(values));
        expect(Math.hypot(...unit)).toBeCloseTo(1, 5);
        const length = Math.hypot(...values);
        unit.forEach((value, index) => expect(value * length).toBeCloseTo(values[index]!, 3));
      }),
    );
  });

  it('works in place', () => {
    const values = Float32Array.of(3, 4);
    expect(l2Normalise(values)).toBe(values);
    expect(values[0]).toBeCloseTo(0.6);
  });

  it.each([[[0, 0]], [[Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 1]]])('refuses %j', (values) => {
    expect(() => l2Normalise(Float32Array.from(values))).toThrow(RangeError);
  });
});

describe('distances', () => {
  it('between unit vectors agree with their cosine', () => {
    fc.assert(
      fc.property(
        vector,
        fc.float32Array({ minLength: 64, maxLength: 64, min: -1, max: 1, noNaN: true }),
        (values, noise) => {
          const a = l2Normalise(Float32Array.from(values));
          const b = l2Normalise(Float32Array.from(values, (value, index) => value + noise[index]! + 0.001));
          const cosine = a.reduce((sum, value, index) => sum + value * b[index]!, 0);
          const distance = euclideanDistance(a, b);
          expect(distance).toBeLessThanOrEqual(2 + 1e-6);
          expect(cosineFromDistance(distance)).toBeCloseTo(cosine, 5);
        },
      ),
    );
  });

  it('are symmetric and obey the triangle inequality', () => {
    const unit = fc.float32Array({ minLength: 8, maxLength: 8, noNaN: true, min: -1, max: 1 });
    fc.assert(
      fc.property(unit, unit, unit, (a, b, c) => {
        expect(euclideanDistance(a, b)).toBe(euclideanDistance(b, a));
        expect(euclideanDistance(a, c)).toBeLessThanOrEqual(
          euclideanDistance(a, b) + euclideanDistance(b, c) + 1e-9,
        );
      }),
    );
  });

  it('convert to cosine and back', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2, noNaN: true }), (distance) => {
        expect(distanceFromCosine(cosineFromDistance(distance))).toBeCloseTo(distance, 6);
      }),
    );
  });

  it('cut rounding errors off rather than give NaN', () => {
    expect(distanceFromCosine(1 + 1e-7)).toBe(0);
    expect(distanceFromCosine(-1 - 1e-7)).toBe(2);
  });

  it('refuse vectors of different length', () => {
    expect(() => euclideanDistance(new Float32Array(3), new Float32Array(4))).toThrow(RangeError);
  });
});
