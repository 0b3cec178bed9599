import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point } from '../../../src/core/geometry.js';
import type { Similarity } from '../../../src/core/similarity.js';
import {
  applySimilarity,
  arcFaceTemplate,
  estimateSimilarity,
  invertSimilarity,
} from '../../../src/core/similarity.js';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const similarity = fc
  .record({
    scale: number(0.05, 20),
    angle: number(-Math.PI, Math.PI),
    tx: number(-4000, 4000),
    ty: number(-4000, 4000),
  })
  .map(({ scale, angle, tx, ty }) => ({ a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx, ty }));
const points = fc
  .array(fc.record({ x: number(-500, 500), y: number(-500, 500) }), { minLength: 2, maxLength: 8 })
  .filter((list) => Math.max(...list.map((p) => Math.hypot(p.x - list[0]!.x, p.y - list[0]!.y))) > 1);

function residual(transform: Similarity, from: readonly Point[], to: readonly Point[]): number {
  return from.reduce((sum, point, index) => {
    const image = applySimilarity(transform, point);
    return sum + (image.x - to[index]!.x) ** 2 + (image.y - to[index]!.y) ** 2;
  }, 0);
}

describe('estimateSimilarity', () => {
  it('recovers any similarity to 1e-9 of its size', () => {
    fc.assert(
      fc.property(points, similarity, (from, truth) => {
        const found = estimateSimilarity(
          from,
          from.map((point) => applySimilarity(truth, point)),
        );
        const size = Math.hypot(truth.a, truth.b) * 500 + 4000;
        for (const key of ['a', 'b', 'tx', 'ty'] as const) {
          expect(Math.abs(found[key] - truth[key])).toBeLessThan(1e-9 * size);
        }
      }),
    );
  });

  it('has no smaller residual nearby: it is the least-squares solution', () => {
    const step = fc.record({
      a: number(-0.1, 0.1),
      b: number(-0.1, 0.1),
      tx: number(-5, 5),
      ty: number(-5, 5),
    });
    fc.assert(
      fc.property(points, fc.infiniteStream(number(-500, 500)), step, (from, noise, { a, b, tx, ty }) => {
        const to = from.map(() => ({ x: noise.next().value as number, y: noise.next().value as number }));
        const best = estimateSimilarity(from, to);
        const other = { a: best.a + a, b: best.b + b, tx: best.tx + tx, ty: best.ty + ty };
        expect(residual(best, from, to)).toBeLessThanOrEqual(residual(other, from, to) * (1 + 1e-9) + 1e-9);
      }),
    );
  });

  it('never reflects: mirrored points give a poor fit rather than a reflection', () => {
    const mirrored = arcFaceTemplate.map(({ x, y }) => ({ x: 112 - x, y: 112 - 2 * y }));
    const found = estimateSimilarity(mirrored, arcFaceTemplate);
    const right = applySimilarity(found, { x: 1, y: 0 });
    const down = applySimilarity(found, { x: 0, y: 1 });
    const determinant =
      (right.x - found.tx) * (down.y - found.ty) - (right.y - found.ty) * (down.x - found.tx);
    expect(determinant).toBeGreaterThan(0);
    expect(residual(found, mirrored, arcFaceTemplate)).toBeGreaterThan(1);
  });

  it.each([
    [
      'points that coincide',
      [
        { x: 3, y: 4 },
        { x: 3, y: 4 },
      ],
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
    ],
    [
      'lists of different length',
      [
        { x: 3, y: 4 },
        { x: 5, y: 4 },
      ],
      [{ x: 0, y: 0 }],
    ],
    ['one point', [{ x: 3, y: 4 }], [{ x: 0, y: 0 }]],
  ])('refuses %s', (_, from, to) => {
    expect(() => estimateSimilarity(from, to)).toThrow(RangeError);
  });
});

describe('invertSimilarity', () => {
  it('undoes the transform', () => {
    fc.assert(
      fc.property(similarity, number(-500, 500), number(-500, 500), (transform, x, y) => {
        const back = applySimilarity(invertSimilarity(transform), applySimilarity(transform, { x, y }));
        expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(1e-6);
      }),
    );
  });
});
