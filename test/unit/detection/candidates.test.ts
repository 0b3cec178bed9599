import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  insideWindow,
  pyramidScales,
  readProposals,
  regress,
  square,
} from '../../../src/detection/mtcnn/candidates.js';

describe('pyramidScales', () => {
  it('begins where the smallest face is 12 pixels and ends where the picture is no smaller than that', () => {
    const scales = pyramidScales(1920, 1080, 40, 0.709);
    expect(scales[0]).toBeCloseTo(0.3);
    expect(scales).toHaveLength(10);
    expect(Math.min(...scales) * 1080).toBeGreaterThanOrEqual(12);
    expect(Math.min(...scales) * 0.709 * 1080).toBeLessThan(12);
  });

  it('is empty for a picture smaller than the smallest face', () => {
    expect(pyramidScales(30, 500, 40, 0.709)).toEqual([]);
  });
});

describe('readProposals', () => {
  it('places cells where the network saw them', () => {
    const faces = Float32Array.of(0, 0.9, 0, 0, 0, 0.7);
    const regressions = Float32Array.from({ length: 24 }, (_, i) => i / 100);
    const found = readProposals({ width: 3, height: 2, faces, regressions }, 0.5, 0.6);
    // Cell (1, 0) covers input pixels 2 to 13 at half size; cell (2, 1) begins at (4, 2).
    expect(found.map(({ box }) => box.slice(0, 4))).toEqual([
      [6, 2, 28, 24],
      [10, 6, 32, 28],
    ]);
    expect(found[0]?.regression[3]).toBeCloseTo(0.19);
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
});
