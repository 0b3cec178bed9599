import type { Image, YuvImage } from '../../core/image.js';
import { pageBytes, vectorBytes } from '../../core/wasm-kernel.js';
import { blackLuma, isYuv, neutralChroma, pixelBytes, rgbCoefficients, yuvLayout } from '../../core/yuv.js';
import { createAreaKernel, type AreaKernel } from './area-kernel.js';
import { chunkBytes, ColumnRecord, maxRowCount, RowRecord } from './area-layout.js';

/** A part of a picture in whole pixels: left and top inclusive, right and bottom exclusive. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Some rows of a window scaled to `width` × `height`. */
interface ScaledRows {
  readonly width: number;
  readonly height: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** What pixels look like in memory: all of an RGB picture, the luma plane, or the U and the V plane. */
interface PlaneShape {
  /** Of a row. */
  readonly width: number;
  readonly pixelBytes: number;
  /** 1 for planes with half the picture's width and height, else 0. */
  readonly halved: 0 | 1;
  /** Bytes of a running sum. */
  readonly sumBytes: number;
}

/** Where the tables of planes of one shape are, and the numbers that belong to them; `AreaKernel` explains them. */
type PlaneTables = readonly [
  rows: number,
  rowsEnd: number,
  columns: number,
  columnsEnd: number,
  stride: number,
  inputBytes: number,
  sums: number,
  sumsEnd: number,
  running: number,
];

/** One of red, green and blue: its factors for the means of Y, U and V, divided by 128, and what is added. */
type ColourFactors = readonly [luma: number, u: number, v: number, offset: number];

/**
 * A 4K frame fits into this. Memory that a larger picture needed is released when the next smaller picture is loaded.
 */
const keptBytes = 32 * 1024 * 1024;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;

/**
 * Scales parts of one picture down like PyTorch's `interpolate(mode='area')`: each output pixel is the mean of all
 * input pixels that its cell touches. Results are RGB in channels-first floats, (mean − 127.5) / 128, in a buffer that
 * the next call overwrites. The picture lies in the kernel's memory, followed by tables and results.
 */
export class PictureSampler {
  #kernel: AreaKernel = createAreaKernel();
  /** Views of the whole memory; replaced when it grows. */
  #ints = new Int32Array();
  #floats = new Float32Array();
  #width = 0;
  #height = 0;
  #shapes: readonly PlaneShape[] = [];
  /** Byte offsets in the memory. The picture begins at 0; `#chroma` are the U and the V plane of a YUV picture. */
  #chroma: readonly number[] = [];
  #colours: readonly ColourFactors[] = [];
  #sums = 0;
  #running = 0;
  #free = 0;

  /** Copies the picture into the kernel's memory. */
  load(image: Image): void {
    const { width, height } = image;
    const size = pixelBytes(image);
    this.#sums = align(size + chunkBytes);
    this.#running = align(this.#sums + 2 * (width * 3 + 2 * chunkBytes));
    this.#free = this.#running + vectorBytes * (width + 3);
    if (this.#kernel.memory.buffer.byteLength > keptBytes && this.#free < keptBytes) {
      this.#kernel = createAreaKernel();
    }
    this.#reserve(this.#free);
    this.#width = width;
    this.#height = height;
    const { chromaWidth, uStart, vStart } = yuvLayout(image);
    this.#shapes = isYuv(image)
      ? [
          { width, pixelBytes: 1, halved: 0, sumBytes: 4 },
          { width: chromaWidth, pixelBytes: 1, halved: 1, sumBytes: 4 },
        ]
      : [{ width, pixelBytes: 3, halved: 0, sumBytes: vectorBytes }];
    this.#chroma = [uStart, vStart];
    if (isYuv(image)) this.#colours = colourFactors(image.matrix);
    new Uint8Array(this.#kernel.memory.buffer).set(image.data.subarray(0, size));
    this.#ints.fill(0, this.#running / 4, (this.#running + vectorBytes) / 4);
  }

  /** Some rows of the picture scaled to `width` × `height`, as three planes of `rowCount` × `width` floats. */
  strip(width: number, height: number, firstRow: number, rowCount: number): Float32Array {
    const whole = { left: 0, top: 0, right: this.#width, bottom: this.#height };
    const scaled = { width, height, firstRow, rowCount };
    const out = this.#makeRoom(scaled, 1);
    this.#resample(whole, scaled, out);
    return this.#floats.subarray(out / floatBytes, out / floatBytes + floatCount(scaled));
  }

  /** Parts of the picture, one after the other, each `side` × `side` in three planes. */
  crops(windows: readonly Window[], side: number): Float32Array {
    const scaled = { width: side, height: side, firstRow: 0, rowCount: side };
    const out = this.#makeRoom(scaled, windows.length);
    for (const [index, window] of windows.entries()) {
      this.#resample(window, scaled, out + index * floatCount(scaled) * floatBytes);
    }
    return this.#floats.subarray(out / floatBytes, out / floatBytes + windows.length * floatCount(scaled));
  }

  #resample(window: Window, scaled: ScaledRows, out: number): void {
    const planeBytes = scaled.rowCount * scaled.width * floatBytes;
    const [whole, chroma] = this.#shapes.map((shape, index) =>
      this.#writeTables(shape, this.#free + index * tableBytes(scaled), window, scaled),
    ) as [PlaneTables, PlaneTables?];
    if (chroma === undefined) return this.#kernel.run(...whole, out, planeBytes);
    const means = align(this.#free + 2 * tableBytes(scaled));
    const [u, v] = [align(means + planeBytes), align(means + planeBytes) + align(planeBytes)];
    const [uStart, vStart] = this.#chroma as [number, number];
    this.#kernel.runPlane(0, ...whole, means);
    this.#kernel.runPlane(uStart, ...chroma, u);
    this.#kernel.runPlane(vStart, ...chroma, v);
    // In this order, because up to three floats after a plane are overwritten.
    for (const [index, factors] of this.#colours.entries()) {
      this.#kernel.mixPlanes(means, means + planeBytes, u, v, ...factors, out + index * planeBytes);
    }
  }

  /** Writes the tables of planes of one shape for a window, from byte offset `rows` on. */
  #writeTables(
    shape: PlaneShape,
    rows: number,
    { left, top, right, bottom }: Window,
    scaled: ScaledRows,
  ): PlaneTables {
    const columns = rows + scaled.rowCount * RowRecord.size;
    const columnsEnd = columns + scaled.width * ColumnRecord.size;
    const first = left >> shape.halved;
    const start = first * shape.pixelBytes;
    // If there are too many rows, some are skipped, because the sum of all could overflow.
    const step = Math.ceil((Math.ceil((bottom - top) / scaled.height) + 1) / maxRowCount);
    this.#writeRows(shape, rows, scaled, { start, top, length: bottom - top, step });
    this.#writeColumns(shape, columns, scaled, { left, first, length: right - left });
    const stride = shape.width * shape.pixelBytes * step;
    const inputBytes = (halvedEnd(right, shape) - first) * shape.pixelBytes;
    const sumsEnd = this.#sums + 2 * inputBytes;
    return [rows, columns, columns, columnsEnd, stride, inputBytes, this.#sums, sumsEnd, this.#running];
  }

  #writeRows(
    shape: PlaneShape,
    table: number,
    { height, firstRow, rowCount }: ScaledRows,
    input: { readonly start: number; readonly top: number; readonly length: number; readonly step: number },
  ): void {
    const stride = shape.width * shape.pixelBytes;
    for (let record = table, y = firstRow; y < firstRow + rowCount; record += RowRecord.size, y++) {
      const from = (input.top + Math.floor((y * input.length) / height)) >> shape.halved;
      const to = halvedEnd(input.top + Math.ceil(((y + 1) * input.length) / height), shape);
      const count = Math.ceil((to - from) / input.step);
      this.#ints[(record + RowRecord.start) / 4] = input.start + from * stride;
      this.#ints[(record + RowRecord.count) / 4] = count;
      this.#floats[(record + RowRecord.factor) / 4] = 1 / (128 * count);
    }
  }

  #writeColumns(
    shape: PlaneShape,
    table: number,
    { width }: ScaledRows,
    input: { readonly left: number; readonly first: number; readonly length: number },
  ): void {
    for (let record = table, x = 0; x < width; record += ColumnRecord.size, x++) {
      const from = ((input.left + Math.floor((x * input.length) / width)) >> shape.halved) - input.first;
      const to = halvedEnd(input.left + Math.ceil(((x + 1) * input.length) / width), shape) - input.first;
      this.#ints[(record + ColumnRecord.from) / 4] = from * shape.sumBytes;
      this.#ints[(record + ColumnRecord.to) / 4] = to * shape.sumBytes;
      this.#floats[(record + ColumnRecord.factor) / 4] = 1 / (to - from);
    }
  }

  /** Reserves memory for `count` results behind the tables and returns its offset. */
  #makeRoom(scaled: ScaledRows, count: number): number {
    const resultBytes = floatCount(scaled) * floatBytes;
    // The means of the planes of a YUV picture come before the results, with up to three vectors of padding.
    const out = align(this.#free + 2 * tableBytes(scaled) + resultBytes + 3 * vectorBytes);
    this.#reserve(out + count * resultBytes + vectorBytes);
    return out;
  }

  #reserve(bytes: number): void {
    const { memory } = this.#kernel;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    if (this.#ints.buffer === memory.buffer) return;
    this.#ints = new Int32Array(memory.buffer);
    this.#floats = new Float32Array(memory.buffer);
  }
}

/** How the means of a YUV picture's planes, divided by 128, become (colour − 127.5) / 128. */
function colourFactors(matrix: YuvImage['matrix']): ColourFactors[] {
  const { luma, redV, greenU, greenV, blueU } = rgbCoefficients(matrix);
  const chroma: [u: number, v: number][] = [
    [0, redV],
    [greenU, greenV],
    [blueU, 0],
  ];
  return chroma.map(([u, v]) => {
    const zero = luma * blackLuma + (u + v) * neutralChroma;
    return [luma, u, v, -(zero + 127.5) / 128];
  });
}

/** Where something that ends here in the picture ends in a plane. */
function halvedEnd(end: number, { halved }: PlaneShape): number {
  return (end + halved) >> halved;
}

function floatCount({ width, rowCount }: ScaledRows): number {
  return 3 * width * rowCount;
}

/** The tables of planes of one shape. */
function tableBytes({ width, rowCount }: ScaledRows): number {
  return rowCount * RowRecord.size + width * ColumnRecord.size;
}

function align(bytes: number): number {
  return Math.ceil(bytes / vectorBytes) * vectorBytes;
}
