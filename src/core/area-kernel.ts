import { ColumnRecord, maxRowCount, RowRecord } from './area-layout.js';
import { createKernel, pageBytes, type WasmMemory } from './wasm-kernel.js';

/**
 * Scales pictures down by taking means over rectangles, sixteen bytes per instruction. The pyramid of a full-HD frame
 * takes a tenth of the time that it takes in JavaScript. The code is kernels/area-means.ts; area-layout.ts describes how
 * the tables lie in memory. All parameters are byte offsets into `memory`, or counts of bytes, unless they say otherwise.
 */
interface AreaKernel {
  readonly memory: WasmMemory;
  /** For an RGB picture. */
  readonly run: (
    /** Output rows, one `RowRecord` each. */
    rows: number,
    rowsEnd: number,
    /** Output columns, one `ColumnRecord` each. */
    columns: number,
    columnsEnd: number,
    /** From one input row to the next that counts. */
    stride: number,
    /** How much of an input row is looked at. */
    inputBytes: number,
    /** Room for twice `inputBytes`, and for two chunks more. */
    sums: number,
    sumsEnd: number,
    /** Room for a vector for each input pixel and one more, which is the first and must be 0. */
    running: number,
    /** Where floats go: red; green and blue follow in planes of `planeBytes`. */
    out: number,
    planeBytes: number,
  ) => void;
  /** For one plane of a YUV picture. */
  readonly runPlane: (
    /** Its first pixel. */
    start: number,
    rows: number,
    rowsEnd: number,
    columns: number,
    columnsEnd: number,
    stride: number,
    inputBytes: number,
    sums: number,
    sumsEnd: number,
    /** Room for four bytes for each input pixel and one more, which is the first and must be 0, and for two vectors. */
    running: number,
    /** Where floats go. */
    out: number,
  ) => void;
  /** The same with means rounded to bytes. */
  readonly shrinkPlane: AreaKernel['runPlane'];
  /** Makes a plane of red, green or blue: `offset` and the means of the three planes, each times its factor. */
  readonly mixPlanes: (
    luma: number,
    lumaEnd: number,
    u: number,
    v: number,
    lumaFactor: number,
    uFactor: number,
    vFactor: number,
    offset: number,
    /** Where floats go. The room must be a whole number of vectors. */
    out: number,
  ) => void;
}

/** A part of a picture in whole pixels: left and top inclusive, right and bottom exclusive. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Some rows of a window scaled to `width` × `height`. */
export interface ScaledRows {
  readonly width: number;
  readonly height: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** What pixels look like in memory: all of an RGB picture, the luma plane, or the U and the V plane. */
export interface PlaneShape {
  /** Of a row. */
  readonly width: number;
  readonly pixelBytes: number;
  /** 1 for planes with half the picture's width and height, else 0. */
  readonly halved: 0 | 1;
  /** Bytes of a running sum. */
  readonly sumBytes: number;
}

/** Where the tables of planes of one shape are, and the numbers that belong to them; `AreaKernel` explains them. */
export type PlaneTables = readonly [
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

/** Byte offsets of what the kernel works with. */
export interface Places {
  readonly rows: number;
  readonly sums: number;
  readonly running: number;
}

/** A kernel with a memory of its own, and the tables in it. */
export class AreaWorkspace {
  readonly kernel = createKernel('area-means') as AreaKernel;
  #ints = new Int32Array();
  #floats = new Float32Array();
  #bytes = new Uint8Array();

  /** Views of the whole memory, until `reserve` makes it larger. */
  get floats(): Float32Array {
    return this.#floats;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Makes the memory at least so large, which replaces its views. */
  reserve(bytes: number): void {
    const { memory } = this.kernel;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    if (this.#ints.buffer === memory.buffer) return;
    this.#ints = new Int32Array(memory.buffer);
    this.#floats = new Float32Array(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Writes the tables of planes of one shape for a window. They take `tableBytes(scaled)`. */
  writeTables(
    { rows, sums, running }: Places,
    shape: PlaneShape,
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
    this.#ints.fill(0, running / 4, (running + shape.sumBytes) / 4);
    return [rows, columns, columns, columnsEnd, stride, inputBytes, sums, sums + 2 * inputBytes, running];
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
}

/** Where something that ends here in the picture ends in a plane. */
function halvedEnd(end: number, { halved }: PlaneShape): number {
  return (end + halved) >> halved;
}

/** The tables of planes of one shape. */
export function tableBytes({ width, rowCount }: ScaledRows): number {
  return rowCount * RowRecord.size + width * ColumnRecord.size;
}
