import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../../src/core/image.js';
import {
  laidOnGrey,
  placedFace,
  shrunkPicture,
} from '../../../../src/training/evaluation/resized-pictures.js';

/** A picture of one row or more, in which red, green and blue are the same. */
function greys(...rows: readonly (readonly number[])[]): RgbImage {
  const data = Uint8Array.from(rows.flatMap((row) => row.flatMap((value) => [value, value, value])));
  return { width: rows[0]!.length, height: rows.length, data };
}

describe('shrunkPicture', () => {
  it('makes each pixel the mean of those that it covers', () => {
    expect(shrunkPicture(greys([0, 10, 20, 30], [20, 30, 40, 90]), 2)).toEqual(greys([15, 45]));
  });

  it('counts a pixel at an edge by the share that is covered', () => {
    // 1.5 pixels each: (10 + 20 / 2) / 1.5 and (20 / 2 + 40) / 1.5.
    expect(shrunkPicture(greys([10, 20, 40], [10, 20, 40], [10, 20, 40]), 1.5)).toEqual(
      greys([13, 33], [13, 33]),
    );
  });

  it('leaves a plain picture plain, whatever the factor', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, fc.double({ min: 1, max: 9, noNaN: true }), (width, height, factor) => {
        const data = new Uint8Array(width * height * 3).fill(77);
        expect(new Set(shrunkPicture({ width, height, data }, factor).data)).toEqual(new Set([77]));
      }),
    );
  });
});

describe('laidOnGrey', () => {
  it('puts a picture into the middle', () => {
    expect(laidOnGrey(greys([1, 2]), 4, 3)).toEqual({
      picture: greys([128, 128, 128, 128], [128, 1, 2, 128], [128, 128, 128, 128]),
      at: { x: 1, y: 1 },
    });
  });

  it('has no place for a larger one', () => {
    expect(laidOnGrey(greys([1, 2, 3]), 2, 2)).toBeUndefined();
  });
});

describe('placedFace', () => {
  it('is scaled and then moved, with its landmarks', () => {
    const point = { x: 20, y: 40 };
    const face = {
      box: { x: 10, y: 20, width: 40, height: 60 },
      landmarks: [point, point, point, point, point] as const,
      ignored: true,
    };
    const placed = placedFace(face, 2, { x: 100, y: 200 });
    expect(placed.box).toEqual({ x: 105, y: 210, width: 20, height: 30 });
    expect(placed.landmarks?.[4]).toEqual({ x: 110, y: 220 });
    expect(placed.ignored).toBe(true);
  });
});
