import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from '../../../src/core/assignment.js';

/** Most pairs, then least cost, by trying everything. */
function bruteForce(cost: readonly (readonly number[])[], row = 0, used = 0): { pairs: number; sum: number } {
  if (row === cost.length) return { pairs: 0, sum: 0 };
  let best = bruteForce(cost, row + 1, used);
  cost[row]!.forEach((value, column) => {
    if (value === Infinity || used & (1 << column)) return;
    const rest = bruteForce(cost, row + 1, used | (1 << column));
    const here = { pairs: rest.pairs + 1, sum: rest.sum + value };
    if (here.pairs > best.pairs || (here.pairs === best.pairs && here.sum < best.sum)) best = here;
  });
  return best;
}

const matrix = (value: fc.Arbitrary<number>) =>
  fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })).chain(([rows, columns]) =>
    fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

describe('assign', () => {
  it('is as good as trying everything, forbidden pairs and negative costs included', () => {
    const value = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: -50, max: 50 }) },
      { weight: 1, arbitrary: fc.constant(Infinity) },
    );
    fc.assert(
      fc.property(matrix(value), (cost) => {
        const pairs = assign(cost);
        const sum = pairs.reduce((total, [row, column]) => total + cost[row]![column]!, 0);
        expect({ pairs: pairs.length, sum }).toEqual(bruteForce(cost));
      }),
      { numRuns: 500 },
    );
  });

  it('uses each row and column once, rows in order', () => {
    fc.assert(
      fc.property(matrix(fc.double({ min: 0, max: 1, noNaN: true })), (cost) => {
        const pairs = assign(cost);
        expect(pairs).toHaveLength(Math.min(cost.length, cost[0]?.length ?? 0));
        expect(new Set(pairs.map(([, column]) => column)).size).toBe(pairs.length);
        const rows = pairs.map(([row]) => row);
        expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      }),
    );
  });

  it('finds the optimum where taking the cheapest first does not', () => {
    expect(
      assign([
        [1, 2],
        [2, 100],
      ]),
    ).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('gives no pair when all are forbidden, or when there is nothing', () => {
    expect(assign([[Infinity], [Infinity]])).toEqual([]);
    expect(assign([])).toEqual([]);
    expect(assign([[], []])).toEqual([]);
  });
});
