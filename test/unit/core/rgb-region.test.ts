import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/core/geometry.js';
import type { RgbImage, YuvImage } from '../../../src/core/image.js';
import { rgbRegion } from '../../../src/core/rgb-region.js';
import { pixelBytes, rgbCoefficients, yuvLayout } from '../../../src/core/yuv.js';

/** The colours of a region before they are rounded, in the plainest way. */
function coloursOf(image: YuvImage, { x, y, width, height }: Box): number[] {
  const { luma, redV, greenU, greenV, blueU } = rgbCoefficients(image.matrix);
  const { chromaWidth, uStart, vStart } = yuvLayout(image);
  const colours: number[] = [];
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      const at = (row >> 1) * chromaWidth + (column >> 1);
      const grey = luma * (image.data[row * image.width + column]! - 16);
      const u = image.data[uStart + at]! - 128;
      const v = image.data[vStart + at]! - 128;
      colours.push(grey + redV * v, grey + greenU * u + greenV * v, grey + blueU * u);
    }
  }
  return colours.map((value) => Math.min(255, Math.max(0, value)));
}

const side = fc.integer({ min: 1, max: 70 });
const matrix = fc.constantFrom('bt601' as const, 'bt709' as const);
const picture = fc.tuple(side, side, matrix).chain(([width, height, name]) => {
  const { byteLength } = yuvLayout({ width, height });
  return fc
    .uint8Array({ minLength: byteLength, maxLength: byteLength })
    .map((data): YuvImage => ({ width, height, data, matrix: name }));
});
const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Some region of a picture, in whole pixels. */
function regionOf({ width, height }: YuvImage, [a, b, c, d]: [number, number, number, number]): Box {
  const x = Math.floor(a * width);
  const y = Math.floor(b * height);
  return { x, y, width: 1 + Math.floor(c * (width - x)), height: 1 + Math.floor(d * (height - y)) };
}

describe('rgbRegion', () => {
  it('rounds the colours of any part of a YUV picture to nearest', () => {
    fc.assert(
      fc.property(picture, fc.tuple(part, part, part, part), (image, parts) => {
        const region = regionOf(image, parts);
        const { width, height, data } = rgbRegion(image, region);
        const expected = coloursOf(image, region);
        expect([width, height, data.length]).toEqual([region.width, region.height, expected.length]);
        const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - data[at]!)), 0);
        // Values half-way between two may go either way.
        expect(worst).toBeLessThan(0.5 + 1 / 32);
      }),
    );
  });

  it('converts a picture of many bands like its parts', () => {
    const size = { width: 1919, height: 1079 };
    const data = Uint8Array.from(
      { length: yuvLayout(size).byteLength },
      (_, i) => (i * 2_654_435_761) >>> 24,
    );
    const image: YuvImage = { ...size, data, matrix: 'bt709' };
    const whole = rgbRegion(image, { x: 0, y: 0, ...size });
    for (const region of [
      { x: 1817, y: 31, width: 102, height: 7 },
      { x: 3, y: 1001, width: 64, height: 78 },
    ]) {
      expect(rgbRegion(image, region)).toEqual(rgbRegion(whole, region));
    }
  });

  it('gives black, white and grey as they are', () => {
    const greys: [luma: number, value: number][] = [
      [16, 0],
      [0, 0],
      [126, 128],
      [235, 255],
      [255, 255],
    ];
    for (const [luma, value] of greys) {
      const data = Uint8Array.of(luma, luma, luma, luma, 128, 128);
      const image: YuvImage = { width: 2, height: 2, data, matrix: 'bt601' };
      const { data: rgb } = rgbRegion(image, { x: 0, y: 0, width: 2, height: 2 });
      expect([...rgb]).toEqual(Array(12).fill(value));
    }
  });

  it('copies a part of an RGB picture, into memory of its own or the memory given', () => {
    const image: RgbImage = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => i) };
    const region = { x: 1, y: 0, width: 2, height: 2 };
    const expected = Uint8Array.of(3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17);
    const into = new Uint8Array(12);
    expect(rgbRegion(image, region)).toEqual({ width: 2, height: 2, data: expected });
    expect(rgbRegion(image, region, into).data).toBe(into);
    expect(into).toEqual(expected);
  });
});

describe('pixelBytes', () => {
  it('counts chroma of odd sizes up', () => {
    const data = new Uint8Array();
    expect(pixelBytes({ width: 3, height: 5, data, matrix: 'bt709' })).toBe(15 + 2 * 6);
    expect(pixelBytes({ width: 3, height: 5, data })).toBe(45);
  });
});
