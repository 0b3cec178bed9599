import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceSteps, type MeasuredPair } from '../../../../src/training/evaluation/lfw.js';
import {
  areaUnderCurve,
  bestThreshold,
  DistanceCounts,
  equalErrorRate,
  pointAtFar,
  rocCurve,
  type Roc,
} from '../../../../src/training/evaluation/roc.js';

const pairsOf = (genuine: readonly number[], impostor: readonly number[]): MeasuredPair[] => [
  ...genuine.map((distance) => ({ same: true, distance })),
  ...impostor.map((distance) => ({ same: false, distance })),
];
const rocOf = (genuine: readonly number[], impostor: readonly number[]): Roc =>
  rocCurve(distanceSteps(pairsOf(genuine, impostor)));

/** Few distinct values, so that ties are common. */
const distances = fc.array(
  fc.integer({ min: 0, max: 12 }).map((value) => value / 6),
  { minLength: 1, maxLength: 25 },
);
const share = (values: readonly number[], threshold: number): number =>
  values.filter((value) => value <= threshold).length / values.length;

describe('rocCurve', () => {
  it('has the rates that counting gives at every distance', () => {
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const { points } = rocOf(genuine, impostor);
        expect(points[0]).toMatchObject({ far: 0, tar: 0 });
        expect(points.at(-1)).toMatchObject({ far: 1, tar: 1 });
        for (const { threshold, far, tar } of points) {
          expect(far).toBe(share(impostor, threshold));
          expect(tar).toBe(share(genuine, threshold));
        }
      }),
    );
  });

  it.each([
    [[], [1]],
    [[1], []],
    [[], []],
  ])('refuses genuine %j with impostor %j', (genuine, impostor) => {
    expect(() => rocOf(genuine, impostor)).toThrow(RangeError);
  });
});

describe('areaUnderCurve', () => {
  it('is how often a genuine pair is nearer than an impostor pair, ties counting half', () => {
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const wins = genuine.flatMap((g) => impostor.map((i) => (g < i ? 1 : g === i ? 0.5 : 0)));
        const expected = wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
        expect(areaUnderCurve(rocOf(genuine, impostor))).toBeCloseTo(expected, 10);
      }),
    );
  });
});

describe('equalErrorRate', () => {
  it.each([
    ['kinds apart', [0.1, 0.2], [0.8, 0.9], 0],
    ['kinds the wrong way round', [0.8, 0.9], [0.1, 0.2], 1],
    ['all pairs at one distance', [0.5, 0.5], [0.5, 0.5, 0.5], 0.5],
    ['one of four on either side', [0.1, 0.2, 0.3, 0.6], [0.5, 0.7, 0.8, 0.9], 0.25],
  ])('is right with %s', (_, genuine, impostor, expected) => {
    expect(equalErrorRate(rocOf(genuine, impostor))).toBeCloseTo(expected, 12);
  });

  it('lies between the rates of the points about it', () => {
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const roc = rocOf(genuine, impostor);
        const eer = equalErrorRate(roc);
        // The greater error is never below the rate at which both are equal, the lesser one never above it.
        for (const { far, tar } of roc.points) {
          expect(Math.max(far, 1 - tar)).toBeGreaterThanOrEqual(eer - 1e-12);
          expect(Math.min(far, 1 - tar)).toBeLessThanOrEqual(eer + 1e-12);
        }
      }),
    );
  });

  it('is the other way round with the kinds changed over', () => {
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const swapped = equalErrorRate(rocOf(impostor, genuine));
        expect(equalErrorRate(rocOf(genuine, impostor))).toBeCloseTo(1 - swapped, 10);
      }),
    );
  });
});

describe('pointAtFar', () => {
  it('accepts most genuine pairs of all thresholds within the rate', () => {
    fc.assert(
      fc.property(
        distances,
        distances,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (genuine, impostor, far) => {
          const allowed = [-1, ...genuine, ...impostor].filter((t) => share(impostor, t) <= far);
          const point = pointAtFar(rocOf(genuine, impostor), far);
          expect(point.far).toBeLessThanOrEqual(far);
          expect(point.tar).toBe(Math.max(...allowed.map((t) => share(genuine, t))));
        },
      ),
    );
  });

  it('means no false accept where the rate cannot be resolved', () => {
    expect(pointAtFar(rocOf([0.1, 0.4, 0.6], [0.5, 0.9]), 1e-3)).toMatchObject({ far: 0, tar: 2 / 3 });
  });
});

describe('bestThreshold', () => {
  it('judges as many pairs rightly as any other that accepts a pair', () => {
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const correct = (threshold: number): number =>
          pairsOf(genuine, impostor).filter(({ same, distance }) => distance <= threshold === same).length;
        const best = bestThreshold(rocOf(genuine, impostor));
        expect(correct(best)).toBe(Math.max(...[...genuine, ...impostor].map(correct)));
      }),
    );
  });

  it('lies halfway between the kinds, and is the strictest of several as good', () => {
    expect(bestThreshold(rocOf([0.25, 0.5], [1, 1.25]))).toBe(0.75);
    expect(bestThreshold(rocOf([0.25, 1], [0.5, 1.5]))).toBe(0.375);
  });
});

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
