import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainSvm } from '../../../../src/training/heads/classifier.js';
import { range } from '../made-up.js';

const coordinate = fc.double({ min: -2, max: 2, noNaN: true });
const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 4, maxLength: 4 });
const labels = [1, -1, 1, -1];
const bound = 1;

function gram(of: readonly (readonly [number, number])[]): Float64Array[] {
  return of.map((a) =>
    Float64Array.from(of, (b) => Math.exp(-0.5 * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2))),
  );
}

/** Σα − ½ ΣΣ αᵢ αⱼ yᵢ yⱼ Kᵢⱼ, which training makes as large as it can. */
function dual(kernel: readonly Float64Array[], alphas: ArrayLike<number>): number {
  return range(4).reduce(
    (sum, i) =>
      sum +
      alphas[i]! -
      0.5 *
        range(4).reduce(
          (row, j) => row + alphas[i]! * alphas[j]! * labels[i]! * labels[j]! * kernel[i]![j]!,
          0,
        ),
    0,
  );
}

/** The best of all feasible α on a grid. */
function bruteForce(kernel: readonly Float64Array[]): number {
  const grid = range(21).map((index) => (bound * index) / 20);
  let best = 0;
  for (const a of grid)
    for (const b of grid)
      for (const c of grid) {
        const d = a + c - b;
        if (d >= 0 && d <= bound) best = Math.max(best, dual(kernel, [a, b, c, d]));
      }
  return best;
}

describe('trainSvm', () => {
  it('reaches the best of the dual problem that trying everything finds, within its limits', () => {
    fc.assert(
      fc.property(points, (of) => {
        const kernel = gram(of);
        const { alphas } = trainSvm(kernel, labels, Array<number>(4).fill(bound));
        expect(Math.abs(alphas[0]! - alphas[1]! + alphas[2]! - alphas[3]!)).toBeLessThan(1e-9);
        for (const alpha of alphas) {
          expect(alpha).toBeGreaterThanOrEqual(-1e-12);
          expect(alpha).toBeLessThanOrEqual(bound + 1e-12);
        }
        // What the tolerance of the optimality conditions lets pass.
        expect(dual(kernel, alphas)).toBeGreaterThan(bruteForce(kernel) - 5e-3);
      }),
      { numRuns: 60 },
    );
  });

  it('separates what can be separated, with the widest margin', () => {
    // On a line: −3 and −1 against 1 and 4. The plane is in the middle, and only −1 and 1 hold it.
    const positions = [1, -1, 4, -3];
    const kernel = positions.map((a) => Float64Array.from(positions, (b) => a * b));
    const { alphas, bias } = trainSvm(kernel, labels, Array<number>(4).fill(100));
    expect(alphas[0]).toBeCloseTo(0.5, 3);
    expect(alphas[1]).toBeCloseTo(0.5, 3);
    expect([alphas[2], alphas[3]]).toEqual([0, 0]);
    expect(bias).toBeCloseTo(0, 3);
  });
});
