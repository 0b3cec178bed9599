import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  minimumOverlap,
  nonMaximumSuppression,
  unionOverlap,
  type ScoredCorners,
} from '../../../src/core/nms.js';

const box = fc
  .tuple(
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.double({ min: 1, max: 50, noNaN: true }),
    fc.double({ min: 1, max: 50, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([x, y, w, h, score]): ScoredCorners => [x, y, x + w, y + h, score]);

describe('nonMaximumSuppression', () => {
  it('keeps only boxes that overlap no better kept one, and drops none without a reason', () => {
    fc.assert(
      fc.property(
        fc.array(box, { maxLength: 30 }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (boxes, threshold) => {
          const kept = nonMaximumSuppression(boxes, threshold);
          const at = (i: number): ScoredCorners => boxes[i] as ScoredCorners;
          for (const [rank, i] of kept.entries()) {
            for (const j of kept.slice(0, rank)) {
              expect(unionOverlap(at(j), at(i))).toBeLessThanOrEqual(threshold);
              expect(at(j)[4]).toBeGreaterThanOrEqual(at(i)[4]);
            }
          }
          for (const i of boxes.keys()) {
            if (kept.includes(i)) continue;
            expect(kept.some((j) => at(j)[4] >= at(i)[4] && unionOverlap(at(j), at(i)) > threshold)).toBe(
              true,
            );
          }
        },
      ),
    );
  });

  it('suppresses a small box inside a large one by minimum overlap only', () => {
    const boxes: ScoredCorners[] = [
      [0, 0, 100, 100, 0.9],
      [10, 10, 30, 30, 0.8],
    ];
    expect(nonMaximumSuppression(boxes, 0.7, unionOverlap)).toEqual([0, 1]);
    expect(nonMaximumSuppression(boxes, 0.7, minimumOverlap)).toEqual([0]);
  });

  it('keeps what comparing each box with each better one keeps, wherever and however large they are', () => {
    // No side between 0 and a hundredth of a pixel: areas of such boxes underflow, and no detector makes them.
    const side = (max: number) =>
      fc.oneof(
        { weight: 1, arbitrary: fc.constant(0) },
        { weight: 20, arbitrary: fc.double({ min: 0.01, max, noNaN: true }) },
      );
    const anywhere = fc
      .tuple(
        fc.double({ min: -5000, max: 5000, noNaN: true }),
        fc.double({ min: -200, max: 200, noNaN: true }),
        side(400),
        side(900),
        fc.constantFrom(0.5, 0.6, 0.7),
      )
      .map(([x, y, w, h, score]): ScoredCorners => [x / 10, y, x / 10 + w, y + h, score]);
    fc.assert(
      fc.property(
        fc.array(anywhere, { maxLength: 60 }),
        fc.constantFrom(unionOverlap, minimumOverlap),
        fc.constantFrom(0, 0.3, 0.7),
        (boxes, overlap, threshold) => {
          const plain: number[] = [];
          const order = [...boxes.keys()].sort(
            (a, b) => (boxes[b]?.[4] ?? 0) - (boxes[a]?.[4] ?? 0) || a - b,
          );
          for (const i of order) {
            const box = boxes[i] as ScoredCorners;
            if (plain.every((j) => overlap(boxes[j] as ScoredCorners, box) <= threshold)) plain.push(i);
          }
          expect(nonMaximumSuppression(boxes, threshold, overlap)).toEqual(plain);
        },
      ),
    );
  });
});
