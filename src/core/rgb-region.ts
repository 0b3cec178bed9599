import type { Box } from './geometry.js';
import type { Image, RgbImage, YuvImage } from './image.js';
import { createKernel, pageBytes, vectorBytes, type WasmMemory } from './wasm-kernel.js';
import { isYuv, rgbCoefficients, yuvLayout } from './yuv.js';

/**
 * Copies part of a picture, in RGB and at full resolution. A chroma sample colours the four pixels that it stands for,
 * as in ffmpeg's fast conversion; colours are rounded to nearest.
 *
 * @param region in whole pixels, inside the picture
 * @param into where the pixels go; it must have exactly their size. Left out for new memory
 */
export function rgbRegion(image: Image, region: Box, into?: Uint8Array<ArrayBuffer>): RgbCopy {
  const { width, height } = region;
  const data = into ?? new Uint8Array(width * height * 3);
  if (isYuv(image)) convertRegion(image, region, data);
  else {
    const source = {
      data: image.data,
      start: (region.y * image.width + region.x) * 3,
      stride: image.width * 3,
    };
    copyRows(source, { data, start: 0, stride: width * 3 }, width * 3, height);
  }
  return { width, height, data };
}

/** An RGB picture in memory of its own. */
export type RgbCopy = RgbImage & { readonly data: Uint8Array<ArrayBuffer> };

/** About as many pixels are converted at a time, so that they stay in the processor's cache. */
const bandPixels = 65_536;
/** The kernel reads and writes rows in steps of so many pixels. */
const stepPixels = 16;

/** Converts a region band by band: its planes go into the kernel's memory, and RGB comes out of it. */
function convertRegion(image: YuvImage, region: Box, out: Uint8Array): void {
  const { chromaWidth, uStart, vStart } = yuvLayout(image);
  // The kernel begins and ends with whole squares of 2×2 pixels, which share their chroma.
  const left = region.x & ~1;
  const width = (region.x + region.width - left + 1) & ~1;
  const bottom = region.y + region.height;
  const bandRows = Math.max(2, Math.floor(bandPixels / width) & ~1);
  const band = createBand(width, bandRows, image.matrix);
  for (let top = region.y & ~1; top < bottom; top += bandRows) {
    const rows = Math.min(bandRows, bottom - top);
    const pairs = (rows + 1) >> 1;
    const chroma = (top >> 1) * chromaWidth + (left >> 1);
    const { data } = image;
    // The last column and the last row of a pair may lie outside the picture; nobody looks at what they become.
    const lumaWidth = Math.min(width, image.width - left);
    copyRows({ data, start: top * image.width + left, stride: image.width }, band.luma, lumaWidth, rows);
    copyRows({ data, start: uStart + chroma, stride: chromaWidth }, band.u, width >> 1, pairs);
    copyRows({ data, start: vStart + chroma, stride: chromaWidth }, band.v, width >> 1, pairs);
    band.convert(pairs);
    const skipped = Math.max(0, region.y - top);
    const target = (top + skipped - region.y) * region.width * 3;
    copyRows(
      { ...band.rgb, start: band.rgb.start + skipped * band.rgb.stride + (region.x - left) * 3 },
      { data: out, start: target, stride: region.width * 3 },
      region.width * 3,
      rows - skipped,
    );
  }
}

/** Rows of bytes in memory, each `stride` bytes after the one before. */
interface Rows {
  readonly data: Uint8Array;
  readonly start: number;
  readonly stride: number;
}

/** Where the planes of a band go, and where its colours come out. */
interface Band {
  readonly luma: Rows;
  readonly u: Rows;
  readonly v: Rows;
  readonly rgb: Rows;
  /** @param pairs of rows */
  convert(pairs: number): void;
}

/** Divides the kernel's memory for bands of a size, and makes room where there is too little. */
function createBand(width: number, rows: number, matrix: YuvImage['matrix']): Band {
  kernel ??= createKernel('yuv-to-rgb') as YuvKernel;
  const { memory, run } = kernel;
  const u = align(width * rows + stepPixels);
  const v = align(u + (width * rows) / 4 + stepPixels);
  const rgb = align(v + (width * rows) / 4 + stepPixels);
  const stride = align(width) * 3;
  const missing = rgb + stride * rows - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  const data = new Uint8Array(memory.buffer);
  const factors = fixedPoint(matrix);
  return {
    luma: { data, start: 0, stride: width },
    u: { data, start: u, stride: width >> 1 },
    v: { data, start: v, stride: width >> 1 },
    rgb: { data, start: rgb, stride },
    convert: (pairs) => run(0, u, v, rgb, width, pairs, ...factors),
  };
}

/** Copies the first `bytes` bytes of each row. */
function copyRows(from: Rows, to: Rows, bytes: number, count: number): void {
  if (from.stride === bytes && to.stride === bytes) {
    to.data.set(from.data.subarray(from.start, from.start + count * bytes), to.start);
    return;
  }
  for (let row = 0; row < count; row++) {
    const start = from.start + row * from.stride;
    to.data.set(from.data.subarray(start, start + bytes), to.start + row * to.stride);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / vectorBytes) * vectorBytes;
}

/**
 * The coefficients in units of 2⁻¹⁵ of what the kernel multiplies: luma in units of 1/128 and chroma in units of 1/256
 * become colours in units of 1/64.
 */
function fixedPoint(matrix: YuvImage['matrix']): [number, number, number, number, number] {
  const { luma, redV, greenU, greenV, blueU } = rgbCoefficients(matrix);
  const chroma = [redV, greenU, greenV, blueU].map((factor) => Math.round(factor * (1 << 13)));
  return [Math.round(luma * (1 << 14)), ...(chroma as [number, number, number, number])];
}

/** Converts planar YUV into RGB. The code is kernels/yuv-to-rgb.ts. */
interface YuvKernel {
  readonly memory: WasmMemory;
  readonly run: (
    /** Byte offsets of the planes; rows follow each other without padding. */
    luma: number,
    u: number,
    v: number,
    /** Where RGB goes. Rows are padded to a multiple of `stepPixels` pixels. */
    rgb: number,
    /** Of a row of luma; even. */
    width: number,
    rowPairs: number,
    /** As `fixedPoint` gives them. */
    luma16: number,
    redV: number,
    greenU: number,
    greenV: number,
    blueU: number,
  ) => void;
}

/** One for all pictures of a thread, because a conversion is never interrupted. */
let kernel: YuvKernel | undefined;
