import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  insideWindow,
  readLandmarks,
  readProposals,
  readVerdict,
  regress,
  square,
  toBox,
  toCorners,
} from '../../../../src/detection/mtcnn/candidates.js';

describe('readProposals', () => {
  const faces = Float32Array.of(0, 0.9, 0, 0, 0, 0.7);
  const regressions = Float32Array.from({ length: 24 }, (_, i) => i / 100);
  const map = { width: 3, height: 2, faces, regressions };
  const level = { scale: 0.5, width: 18, height: 40 };

  it('places cells where the network saw them', () => {
    const found = readProposals(
      map,
      { level, firstRow: 0, rowCount: 14, firstColumn: 0, columnCount: 18 },
      0.6,
    );
    // Cell (1, 0) covers input pixels 2 to 13 at half size; cell (2, 1) begins at (4, 2).
    expect(found.map(({ box }) => box.slice(0, 4))).toEqual([
      [6, 2, 28, 24],
      [10, 6, 32, 28],
    ]);
    expect(found[0]?.regression).toEqual([0.01, 0.07, 0.13, 0.19].map(Math.fround));
  });

  it('counts rows and columns from the strip’s first', () => {
    const strip = { level, firstRow: 20, rowCount: 14, firstColumn: 4, columnCount: 14 };
    const [found] = readProposals(map, strip, 0.8);
    expect(found?.box.slice(0, 4)).toEqual([14, 42, 36, 64]);
  });
});

describe('verdicts', () => {
  const verdicts = {
    probabilities: Float32Array.of(1, 0, 0.25, 0.75),
    regressions: Float32Array.of(9, 9, 9, 9, 0.1, 0.2, 0.3, 0.4),
    points: Float32Array.of(...new Array<number>(10).fill(9), 0, 1, 0.5, 0, 1, 0, 0, 0.5, 1, 1),
  };

  it('give the score and regression of their crop', () => {
    const { box, regression } = readVerdict([1, 2, 3, 4, 0.1], verdicts, 1);
    expect(box).toEqual([1, 2, 3, 4, 0.75]);
    expect(regression).toEqual([0.1, 0.2, 0.3, 0.4].map(Math.fround));
  });

  it('give landmarks as parts of their crop, whose pixels are counted from 1', () => {
    expect(readLandmarks([11, 21, 20, 30, 1], verdicts, 1)).toEqual([
      { x: 10, y: 20 },
      { x: 20, y: 20 },
      { x: 15, y: 25 },
      { x: 10, y: 30 },
      { x: 20, y: 30 },
    ]);
  });
});

const corner = fc.double({ min: -200, max: 200, noNaN: true });
const side = fc.double({ min: 1, max: 200, noNaN: true });
const box = fc.tuple(corner, corner, side, side).map(([x, y, w, h]) => [x, y, x + w, y + h, 1] as const);

describe('boxes', () => {
  it('square keeps the centre and takes the longer side', () => {
    fc.assert(
      fc.property(box, (b) => {
        const [x1, y1, x2, y2] = square(b);
        expect(x2 - x1).toBeCloseTo(Math.max(b[2] - b[0], b[3] - b[1]), 6);
        expect(y2 - y1).toBeCloseTo(x2 - x1, 6);
        expect(x1 + x2).toBeCloseTo(b[0] + b[2], 6);
        expect(y1 + y2).toBeCloseTo(b[1] + b[3], 6);
      }),
    );
  });

  it('insideWindow never leaves the picture', () => {
    fc.assert(
      fc.property(box, (b) => {
        const window = insideWindow(b, 100, 80);
        if (window === undefined) return;
        expect(window.left).toBeGreaterThanOrEqual(0);
        expect(window.top).toBeGreaterThanOrEqual(0);
        expect(window.right).toBeLessThanOrEqual(100);
        expect(window.bottom).toBeLessThanOrEqual(80);
        expect(window.right).toBeGreaterThan(window.left);
        expect(window.bottom).toBeGreaterThan(window.top);
      }),
    );
  });

  it('regress moves each corner by its share of the side', () => {
    const candidate = { box: [10, 20, 30, 60, 1], regression: [0.1, 0, -0.5, 0.25] } as const;
    expect(regress(candidate, 0)).toEqual([12, 20, 20, 70, 1]);
    expect(regress(candidate, 1)[0]).toBeCloseTo(12.1);
  });

  it('become corners and back', () => {
    expect(toCorners({ x: 1, y: 2, width: 10, height: 20 }, 0.5)).toEqual([1, 2, 11, 22, 0.5]);
    expect(toBox([1, 2, 11, 22, 0.5])).toEqual({ x: 1, y: 2, width: 10, height: 20 });
  });
});
