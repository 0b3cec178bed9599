import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../../src/core/image.js';
import { resizeBox } from '../../../../src/recognition/embedding/align.js';

/** A picture whose red is given, green half of it and blue nothing. */
function picture(width: number, height: number, red: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const value = red(pixel % width, Math.floor(pixel / width));
    data.set([value, value >> 1, 0], pixel * 3);
  }
  return { width, height, data };
}

const reds = ({ data }: RgbImage): number[] => [...data].filter((_, index) => index % 3 === 0);
const whole = ({ width, height }: RgbImage) => ({ x: 0, y: 0, width, height });

describe('resizeBox', () => {
  it('copies a square of the wanted size', () => {
    const source = picture(9, 8, (x, y) => 10 * x + y);
    const part = resizeBox(source, { x: 3, y: 2, width: 4, height: 4 }, 4);
    expect(reds(part)).toEqual([2, 3, 4, 5].flatMap((y) => [3, 4, 5, 6].map((x) => 10 * x + y)));
    expect(part.data[1]).toBe(32 >> 1);
    expect(part.data[2]).toBe(0);
  });

  it('enlarges between the two nearest pixels, as bilinear sampling does', () => {
    const source = picture(2, 2, (x, y) => 100 * x + 40 * y);
    const steps = [0, 0.25, 0.75, 1];
    expect(reds(resizeBox(source, whole(source), 4))).toEqual(
      steps.flatMap((y) => steps.map((x) => 100 * x + 40 * y)),
    );
  });

  it('shrinks with a triangle as wide as two pixels of the result, cut off at the box', () => {
    // Four pixels to two: weights 1, 3, 3, 1 eighths, of which the first pixel has the last three.
    const source = picture(4, 4, (x) => [0, 80, 160, 240][x]!);
    const left = Math.round((0 * 3 + 80 * 3 + 160) / 7);
    const right = Math.round((80 + 160 * 3 + 240 * 3) / 7);
    expect(reds(resizeBox(source, whole(source), 2))).toEqual([left, right, left, right]);
  });

  it('stretches a box that is no square', () => {
    const source = picture(3, 6, (x) => 50 * x);
    expect(reds(resizeBox(source, whole(source), 3))).toEqual([0, 50, 100, 0, 50, 100, 0, 50, 100]);
  });

  it('sees nothing outside the box', () => {
    const source = picture(20, 20, (x, y) => (x >= 5 && x < 15 && y >= 5 && y < 15 ? 90 : 255));
    const part = resizeBox(source, { x: 5.9, y: 5.2, width: 9.1, height: 9.9 }, 7);
    expect(new Set(reds(part))).toEqual(new Set([90]));
  });

  it('cuts a box off at the picture', () => {
    const source = picture(10, 10, (x, y) => 20 * x + y);
    expect(resizeBox(source, { x: -4, y: -4, width: 8, height: 8 }, 6)).toEqual(
      resizeBox(source, { x: 0, y: 0, width: 4, height: 4 }, 6),
    );
  });

  it('keeps an even surface even, at every size', () => {
    const sizes = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(sizes, sizes, sizes, fc.integer({ min: 0, max: 255 }), (width, height, side, value) => {
        const source = picture(width, height, () => value);
        expect(reds(resizeBox(source, whole(source), side)).every((red) => red === value)).toBe(true);
      }),
    );
  });

  it.each([
    ['beside the picture', { x: 30, y: 0, width: 5, height: 5 }],
    ['without a size', { x: 3, y: 3, width: 0, height: 0 }],
    ['that is nowhere', { x: Number.NaN, y: 0, width: 5, height: 5 }],
  ])('refuses a box %s', (_, box) => {
    expect(() =>
      resizeBox(
        picture(10, 10, () => 1),
        box,
        4,
      ),
    ).toThrow(RangeError);
  });
});
