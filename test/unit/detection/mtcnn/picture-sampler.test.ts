import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Image, RgbImage, YuvImage } from '../../../../src/core/image.js';
import { rgbCoefficients, yuvLayout } from '../../../../src/core/yuv.js';
import type { Window } from '../../../../src/core/area-kernel.js';
import { PictureSampler } from '../../../../src/detection/mtcnn/picture-sampler.js';

/** Adaptive average pooling, as PyTorch's `interpolate(mode='area')` is defined, in the plainest way. */
function meansOf(image: RgbImage, window: Window, width: number, height: number): number[] {
  const cell = (index: number, count: number, from: number, to: number): [number, number] => [
    from + Math.floor((index * (to - from)) / count),
    from + Math.ceil(((index + 1) * (to - from)) / count),
  ];
  const means: number[] = [];
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [left, right] = cell(x, width, window.left, window.right);
        const [top, bottom] = cell(y, height, window.top, window.bottom);
        let sum = 0;
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            sum += image.data[(row * image.width + column) * 3 + channel] as number;
          }
        }
        means.push((sum / ((right - left) * (bottom - top)) - 127.5) / 128);
      }
    }
  }
  return means;
}

/** The same with the rounding of the kernel: sums are exact, and each step after them rounds to single precision. */
function roundedMeansOf(image: RgbImage, width: number, height: number): Float32Array {
  const { fround } = Math;
  const cell = (index: number, count: number, length: number): [number, number] => [
    Math.floor((index * length) / count),
    Math.ceil(((index + 1) * length) / count),
  ];
  const means = new Float32Array(3 * width * height);
  for (let at = 0; at < means.length; at++) {
    const channel = Math.floor(at / (width * height));
    const [left, right] = cell(at % width, width, image.width);
    const [top, bottom] = cell(Math.floor(at / width) % height, height, image.height);
    let sum = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        sum += image.data[(row * image.width + column) * 3 + channel] as number;
      }
    }
    const factor = fround(fround(1 / (128 * (bottom - top))) * fround(1 / (right - left)));
    means[at] = fround(fround(sum) * factor) - 127.5 / 128;
  }
  return means;
}

/** The means of a YUV picture's planes over cells, and what colours these make. */
function colourMeansOf(image: YuvImage, window: Window, width: number, height: number): number[] {
  const { luma, redV, greenU, greenV, blueU } = rgbCoefficients(image.matrix);
  const { chromaWidth, uStart, vStart } = yuvLayout(image);
  const cell = (index: number, count: number, from: number, to: number): [number, number] => [
    from + Math.floor((index * (to - from)) / count),
    from + Math.ceil(((index + 1) * (to - from)) / count),
  ];
  const meanOf = (
    start: number,
    stride: number,
    [left, right]: number[],
    [top, bottom]: number[],
  ): number => {
    let sum = 0;
    for (let row = top!; row < bottom!; row++) {
      for (let column = left!; column < right!; column++) sum += image.data[start + row * stride + column]!;
    }
    return sum / ((right! - left!) * (bottom! - top!));
  };
  const half = ([from, to]: [number, number]): [number, number] => [from >> 1, (to + 1) >> 1];
  const planes: [number[], number[], number[]] = [[], [], []];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const columns = cell(x, width, window.left, window.right);
      const rows = cell(y, height, window.top, window.bottom);
      const grey = luma * (meanOf(0, image.width, columns, rows) - 16);
      const u = meanOf(uStart, chromaWidth, half(columns), half(rows)) - 128;
      const v = meanOf(vStart, chromaWidth, half(columns), half(rows)) - 128;
      const colour = [grey + redV * v, grey + greenU * u + greenV * v, grey + blueU * u];
      for (const [index, value] of colour.entries()) {
        planes[index]!.push((Math.min(255, Math.max(0, value)) - 127.5) / 128);
      }
    }
  }
  return planes.flat();
}

function largestDifference(received: Float32Array, expected: readonly number[]): number {
  expect(received).toHaveLength(expected.length);
  return expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (received[index] ?? NaN))),
    0,
  );
}

const image = fc
  .tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): RgbImage => ({ width, height, data })),
  );
const yuvImage = fc
  .tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }))
  .chain(([width, height]) => {
    const { byteLength } = yuvLayout({ width, height });
    return fc
      .tuple(
        fc.uint8Array({ minLength: byteLength, maxLength: byteLength }),
        fc.constantFrom('bt601' as const, 'bt709' as const),
      )
      .map(([data, matrix]): YuvImage => ({ width, height, data, matrix }));
  });
const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** The pixels from one part of a length to another, at least one. */
function span(length: number, a: number, b: number): [number, number] {
  const [from, to] = [Math.floor(Math.min(a, b) * length), Math.floor(Math.max(a, b) * length) + 1];
  return [from, Math.min(to, length)];
}

describe('PictureSampler', () => {
  // One for all pictures: what an earlier one left in the memory must not matter.
  const sampler = new PictureSampler();

  it('gives any rows of the picture at any size as means over cells', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 60 }));
    fc.assert(
      fc.property(image, sizes, part, part, (picture, [width, height], a, b) => {
        const [first, end] = span(height, a, b);
        const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
        const all = meansOf(picture, whole, width, height);
        const rows = [0, 1, 2].flatMap((plane) =>
          all.slice((plane * height + first) * width, (plane * height + end) * width),
        );
        sampler.load(picture);
        expect(largestDifference(sampler.strip(width, height, first, end - first), rows)).toBeLessThan(1e-6);
      }),
    );
  });

  it('rounds as single precision does, to the bit', () => {
    fc.assert(
      fc.property(
        image,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (picture, width, height) => {
          sampler.load(picture);
          const expected = roundedMeansOf(picture, width, height);
          expect(largestDifference(sampler.strip(width, height, 0, height), [...expected])).toBe(0);
        },
      ),
    );
  });

  it('gives crops one after the other', () => {
    fc.assert(
      fc.property(
        image,
        fc.array(fc.tuple(part, part, part, part), { minLength: 1, maxLength: 5 }),
        (picture, cuts) => {
          const windows = cuts.map(([a, b, c, d]): Window => {
            const [left, right] = span(picture.width, a, b);
            const [top, bottom] = span(picture.height, c, d);
            return { left, top, right, bottom };
          });
          sampler.load(picture);
          const expected = windows.flatMap((window) => meansOf(picture, window, 24, 24));
          expect(largestDifference(sampler.crops(windows, 24), expected)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it('gives the colours of the means of planes for a YUV picture, strips and crops', () => {
    fc.assert(
      fc.property(
        yuvImage,
        fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })),
        fc.array(fc.tuple(part, part, part, part), { minLength: 1, maxLength: 3 }),
        (picture, [width, height], cuts) => {
          sampler.load(picture);
          const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
          const strip = sampler.strip(width, height, 0, height);
          expect(largestDifference(strip, colourMeansOf(picture, whole, width, height))).toBeLessThan(1e-5);
          const windows = cuts.map(([a, b, c, d]): Window => {
            const [left, right] = span(picture.width, a, b);
            const [top, bottom] = span(picture.height, c, d);
            return { left, top, right, bottom };
          });
          const crops = windows.flatMap((window) => colourMeansOf(picture, window, 24, 24));
          expect(largestDifference(sampler.crops(windows, 24), crops)).toBeLessThan(1e-5);
        },
      ),
    );
  });

  it('does not overflow on cells of very many bright pixels', () => {
    const [width, height] = [700, 9000];
    const window = { left: 0, top: 0, right: width, bottom: height };
    const rgb: Image = { width, height, data: new Uint8Array(width * height * 3).fill(255) };
    const { uStart, byteLength } = yuvLayout(rgb);
    const yuv: Image = {
      ...rgb,
      data: new Uint8Array(byteLength).fill(128).fill(235, 0, uStart),
      matrix: 'bt709',
    };
    for (const picture of [rgb, yuv]) {
      sampler.load(picture);
      for (const sample of [() => sampler.strip(2, 13, 0, 13), () => sampler.crops([window], 24)]) {
        const values = sample();
        expect(Math.min(...values)).toBeCloseTo(127.5 / 128, 4);
        expect(Math.max(...values)).toBeCloseTo(127.5 / 128, 4);
      }
    }
  });

  it('works in one memory for all frames of a size, and gives that of a huge picture back', () => {
    const frame = (width: number, height: number): RgbImage => ({
      width,
      height,
      data: new Uint8Array(width * height * 3),
    });
    const memoryAfter = (picture: RgbImage): ArrayBufferLike => {
      sampler.load(picture);
      sampler.crops([{ left: 0, top: 0, right: 9, bottom: 9 }], 24);
      return sampler.strip(300, 200, 0, 200).buffer;
    };
    const first = memoryAfter(frame(640, 480));
    expect(memoryAfter(frame(640, 480))).toBe(first);
    const huge = memoryAfter(frame(4000, 4000));
    expect(huge.byteLength).toBeGreaterThan(48e6);
    expect(memoryAfter(frame(640, 480)).byteLength).toBeLessThan(8e6);
  });
});
