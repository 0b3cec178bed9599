import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pyramidLevels } from '../../../../src/detection/haar/cascade-search.js';
import {
  ResizedRows,
  sampleSquare,
  writeGreyRows,
  type GreyImage,
} from '../../../../src/detection/haar/grey-image.js';

const side = fc.integer({ min: 2, max: 30 });
const picture = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((data): GreyImage => ({ width, height, data })),
  );

function resize(image: GreyImage, width: number, height: number): Uint8Array {
  const rows = new ResizedRows(image, width, height);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) rows.write(y, out.subarray(y * width, (y + 1) * width));
  return out;
}

/** At a point of the picture, with pixel centres at .5. */
function bilinear({ width, height, data }: GreyImage, x: number, y: number): number {
  const clamp = (value: number, max: number): number => Math.min(Math.max(value, 0), max);
  const [u, v] = [clamp(x - 0.5, width - 1), clamp(y - 0.5, height - 1)];
  let sum = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      sum +=
        Math.max(0, 1 - Math.abs(u - column)) *
        Math.max(0, 1 - Math.abs(v - row)) *
        data[row * width + column]!;
  return sum;
}

describe('ResizedRows', () => {
  it('leaves a picture of the same size as it is', () => {
    fc.assert(
      fc.property(picture, (image) => {
        expect(resize(image, image.width, image.height)).toEqual(image.data);
      }),
    );
  });

  it('is bilinear up to its fixed-point numbers', () => {
    fc.assert(
      fc.property(picture, side, side, (image, width, height) => {
        const out = resize(image, width, height);
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const exact = bilinear(
              image,
              ((x + 0.5) * image.width) / width,
              ((y + 0.5) * image.height) / height,
            );
            // Half a step of rounding, and two shares that are off by up to 1/512 each.
            expect(Math.abs(out[y * width + x]! - exact)).toBeLessThan(1.51);
          }
      }),
    );
  });
});

describe('sampleSquare', () => {
  it('gives the mean of the pixels when a whole number of them makes one', () => {
    const image = { width: 4, height: 4, data: Uint8Array.from({ length: 16 }, (_, i) => i * 10) };
    const out = new Float32Array(4);
    sampleSquare(image, { x: 0, y: 0, width: 4, height: 4 }, 2, out);
    expect([...out].map((value) => value * 256)).toEqual([25, 45, 105, 125]);
  });

  it('samples between pixels, and repeats the edge outside', () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(0, 128) };
    const out = new Float32Array(16);
    sampleSquare(image, { x: -1, y: -3, width: 4, height: 4 }, 4, out);
    for (let row = 0; row < 4; row++)
      expect([...out.subarray(row * 4, row * 4 + 4)]).toEqual([0, 0, 0.5, 0.5]);
    sampleSquare(image, { x: 0.25, y: 0, width: 1, height: 1 }, 1, out);
    expect(out[0]).toBeCloseTo(0.125);
  });
});

describe('writeGreyRows', () => {
  it("weighs the channels as OpenCV's BGR2GRAY does, in the rows asked for only", () => {
    const data = Uint8Array.of(9, 9, 9, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
    const grey = new Uint8Array(5);
    writeGreyRows({ width: 1, height: 5, data }, 1, 5, grey);
    expect([...grey]).toEqual([0, 76, 150, 29, 255]);
  });

  it('stretches the luma of a YUV picture to the full range, in the rows asked for only', () => {
    const data = Uint8Array.of(126, 126, 16, 235, 0, 255, 90, 90, 90, 90);
    const grey = new Uint8Array(6);
    writeGreyRows({ width: 2, height: 3, data, matrix: 'bt709' }, 1, 3, grey);
    expect([...grey]).toEqual([0, 0, 0, 255, 0, 255]);
    writeGreyRows({ width: 2, height: 3, data, matrix: 'bt709' }, 0, 1, grey);
    expect(grey[0]).toBe(128);
  });
});

describe('pyramidLevels', () => {
  const window = { width: 24, height: 24 };

  it('goes from the smallest face to the size of the picture, finer where windows are small', () => {
    const levels = pyramidLevels({ width: 640, height: 480 }, window, 1.1, 40);
    expect(levels[0]).toMatchObject({ windowWidth: 43, width: 361, height: 271, step: 2 });
    expect(levels.find(({ scale }) => scale >= 2)).toMatchObject({ windowWidth: 51, step: 1 });
    expect(levels.filter(({ scale, step }) => scale < 2 !== (step === 2))).toEqual([]);
    const largest = levels.at(-1)!.windowHeight;
    expect(largest).toBeLessThanOrEqual(480);
    expect(largest * 1.1).toBeGreaterThan(480);
  });

  it('is empty for a picture smaller than a window or the smallest face', () => {
    expect(pyramidLevels({ width: 3, height: 4000 }, window, 1.1, 24)).toEqual([]);
    expect(pyramidLevels({ width: 70, height: 70 }, window, 1.1, 80)).toEqual([]);
  });
});
