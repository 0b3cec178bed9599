import type { Box } from '../../core/geometry.js';
import type { Image, RgbImage, YuvImage } from '../../core/image.js';
import { blackLuma, isYuv, neutralChroma, rgbCoefficients, yuvLayout } from '../../core/yuv.js';
import type { RgbaPicture } from './runtime.js';

/**
 * A view may be this many times as wide as the smallest face, because the full-range network sees 192×192 pixels and
 * finds faces from about 12 pixels on. Measured on a full-HD picture of a crowd; see docs/benchmarks.md.
 */
const viewSideInFaces = 16;
/** Least share of a view that overlaps with the next one, so that a small face is complete in one of them. */
const overlap = 0.2;

/**
 * The views of a picture to search, in whole pixels: the whole picture first, and if that makes the smallest face too
 * small for the network, overlapping squares that cover the picture.
 */
export function viewsOf(width: number, height: number, minFaceSize: number): Box[] {
  const whole = { x: 0, y: 0, width, height };
  const side = minFaceSize * viewSideInFaces;
  if (Math.max(width, height) <= side) return [whole];
  // A square as high as the picture is as good as a smaller one if it is within the limit.
  const view = Math.min(side, Math.max(Math.min(width, height), side / 2));
  const columns = starts(width, view);
  const rows = starts(height, view);
  const tiles = rows.flatMap((y) =>
    columns.map((x) => ({ x, y, width: Math.min(view, width), height: Math.min(view, height) })),
  );
  return [whole, ...tiles];
}

/** Start positions of views of a given length that cover `extent` evenly. */
function starts(extent: number, length: number): number[] {
  if (length >= extent) return [0];
  const count = Math.ceil((extent - length) / (length * (1 - overlap))) + 1;
  return Array.from({ length: count }, (_, i) => Math.round(((extent - length) * i) / (count - 1)));
}

/** Cuts and scales views for the network. The pixels are reused: each result is valid until the next call. */
export class Shrinker {
  #bytes = new Uint8Array(0);

  /**
   * Returns a part of `image` as RGBA, scaled down so that no side is longer than `maxSide`, and never scaled up. Each
   * output pixel is the mean of 2×2 samples spread over the input pixels that it covers.
   *
   * @param part in whole pixels, inside the image
   */
  shrink(image: Image, part: Box, maxSide: number): RgbaPicture {
    const scale = Math.max(1, part.width / maxSide, part.height / maxSide);
    const width = Math.max(1, Math.round(part.width / scale));
    const height = Math.max(1, Math.round(part.height / scale));
    const size = width * height * 4;
    if (this.#bytes.length !== size) this.#bytes = new Uint8Array(size);
    const words = new Uint32Array(this.#bytes.buffer);
    if (isYuv(image)) shrinkYuv(image, part, width, height, words);
    else shrinkRgb(image, part, width, height, words);
    return { width, height, data: this.#bytes };
  }
}

function shrinkRgb(image: RgbImage, part: Box, width: number, height: number, words: Uint32Array): void {
  const columns = sampleOffsets(part.x, part.width, width, 3);
  const rows = sampleOffsets(part.y, part.height, height, image.width * 3);
  const { data } = image;
  for (let y = 0, out = 0; y < height; y++) {
    const upper = rows[2 * y] as number;
    const lower = rows[2 * y + 1] as number;
    for (let x = 0; x < width; x++, out++) {
      const left = columns[2 * x] as number;
      const right = columns[2 * x + 1] as number;
      const a = upper + left;
      const b = upper + right;
      const c = lower + left;
      const d = lower + right;
      const red =
        ((data[a] as number) + (data[b] as number) + (data[c] as number) + (data[d] as number) + 2) >> 2;
      const green =
        ((data[a + 1] as number) +
          (data[b + 1] as number) +
          (data[c + 1] as number) +
          (data[d + 1] as number) +
          2) >>
        2;
      const blue =
        ((data[a + 2] as number) +
          (data[b + 2] as number) +
          (data[c + 2] as number) +
          (data[d + 2] as number) +
          2) >>
        2;
      // Node only runs on little-endian machines.
      words[out] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }
}

/**
 * The same for planar YUV: luma is sampled in four places and chroma, of which there is less, in two of them, corner to
 * corner. Colours are mixed in units of 2⁻¹⁶.
 */
function shrinkYuv(image: YuvImage, part: Box, width: number, height: number, words: Uint32Array): void {
  const { data } = image;
  const { chromaWidth, uStart, vStart } = yuvLayout(image);
  const columns = sampleOffsets(part.x, part.width, width, 1);
  const rows = sampleOffsets(part.y, part.height, height, 1);
  const factors = rgbCoefficients(image.matrix);
  // The sum of four samples of luma counts a quarter each, that of two samples of chroma a half.
  const luma = Math.round(factors.luma * (1 << 14));
  const [redV, greenU, greenV, blueU] = [factors.redV, factors.greenU, factors.greenV, factors.blueU].map(
    (factor) => Math.round(factor * (1 << 15)),
  ) as [number, number, number, number];
  const half = 1 << 15;
  for (let y = 0, out = 0; y < height; y++) {
    const upperRow = rows[2 * y] as number;
    const lowerRow = rows[2 * y + 1] as number;
    const upper = upperRow * image.width;
    const lower = lowerRow * image.width;
    const upperChroma = uStart + (upperRow >> 1) * chromaWidth;
    const lowerChroma = uStart + (lowerRow >> 1) * chromaWidth;
    const toV = vStart - uStart;
    for (let x = 0; x < width; x++, out++) {
      const left = columns[2 * x] as number;
      const right = columns[2 * x + 1] as number;
      const a = upperChroma + (left >> 1);
      const b = lowerChroma + (right >> 1);
      const u = (data[a] as number) + (data[b] as number) - 2 * neutralChroma;
      const v = (data[a + toV] as number) + (data[b + toV] as number) - 2 * neutralChroma;
      const sum =
        (data[upper + left] as number) +
        (data[upper + right] as number) +
        (data[lower + left] as number) +
        (data[lower + right] as number);
      const grey = luma * (sum - 4 * blackLuma) + half;
      const red = toByte((grey + redV * v) >> 16);
      const green = toByte((grey + greenU * u + greenV * v) >> 16);
      const blue = toByte((grey + blueU * u) >> 16);
      words[out] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Two sample offsets, at one and three quarters, for each of `to` cells that divide `from` pixels from `start` on. */
function sampleOffsets(start: number, from: number, to: number, stride: number): Int32Array {
  const offsets = new Int32Array(to * 2);
  for (let i = 0; i < to * 2; i++) {
    offsets[i] = (start + Math.min(from - 1, Math.floor(((i + 0.5) * from) / (to * 2)))) * stride;
  }
  return offsets;
}
