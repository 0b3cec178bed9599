import type { RgbImage } from '../../core/image.js';
import { createKernel, pageBytes, vectorBytes, type WasmMemory } from '../../core/wasm-kernel.js';
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

/**
 * A 4K frame fits into this. Memory that a larger picture needed is released when the next smaller picture is loaded.
 */
const keptBytes = 32 * 1024 * 1024;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;

/**
 * Scales parts of one picture down like PyTorch's `interpolate(mode='area')`: each output pixel is the mean of all
 * input pixels that its cell touches. Results are channels-first floats, (mean − 127.5) / 128, in a buffer that the
 * next call overwrites. The picture lies in the kernel's memory, followed by tables and results.
 */
export class PictureSampler {
  #kernel: AreaKernel = createAreaKernel();
  /** Views of the whole memory; replaced when it grows. */
  #ints = new Int32Array();
  #floats = new Float32Array();
  #width = 0;
  #height = 0;
  /** Byte offsets in the memory. The picture begins at 0. */
  #sums = 0;
  #running = 0;
  #free = 0;

  /** Copies the picture into the kernel's memory. */
  load({ width, height, data }: RgbImage): void {
    const size = width * height * 3;
    this.#sums = align(size + chunkBytes);
    this.#running = align(this.#sums + 2 * (width * 3 + 2 * chunkBytes));
    this.#free = this.#running + vectorBytes * (width + 1);
    if (this.#kernel.memory.buffer.byteLength > keptBytes && this.#free < keptBytes) {
      this.#kernel = createAreaKernel();
    }
    this.#reserve(this.#free);
    this.#width = width;
    this.#height = height;
    new Uint8Array(this.#kernel.memory.buffer).set(data.subarray(0, size));
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

  #resample({ left, top, right, bottom }: Window, scaled: ScaledRows, out: number): void {
    const rows = this.#free;
    const rowsEnd = rows + scaled.rowCount * RowRecord.size;
    const columnsEnd = rowsEnd + scaled.width * ColumnRecord.size;
    // If there are too many rows, some are skipped, because the sum of all could overflow.
    const step = Math.ceil((Math.ceil((bottom - top) / scaled.height) + 1) / maxRowCount);
    const inputBytes = (right - left) * 3;
    this.#writeRows(rows, rowsEnd, scaled, { top, length: bottom - top, left, step });
    this.#writeColumns(rowsEnd, columnsEnd, scaled, right - left);
    this.#kernel.run(
      rows,
      rowsEnd,
      rowsEnd,
      columnsEnd,
      this.#width * 3 * step,
      inputBytes,
      this.#sums,
      this.#sums + 2 * inputBytes,
      this.#running,
      out,
      scaled.rowCount * scaled.width * floatBytes,
    );
  }

  #writeRows(
    table: number,
    tableEnd: number,
    { height, firstRow }: ScaledRows,
    input: { readonly left: number; readonly top: number; readonly length: number; readonly step: number },
  ): void {
    for (let record = table, y = firstRow; record < tableEnd; record += RowRecord.size, y++) {
      const from = Math.floor((y * input.length) / height);
      const to = Math.ceil(((y + 1) * input.length) / height);
      const count = Math.ceil((to - from) / input.step);
      this.#ints[(record + RowRecord.start) / 4] = ((input.top + from) * this.#width + input.left) * 3;
      this.#ints[(record + RowRecord.count) / 4] = count;
      this.#floats[(record + RowRecord.factor) / 4] = 1 / (128 * count);
    }
  }

  #writeColumns(table: number, tableEnd: number, { width }: ScaledRows, length: number): void {
    for (let record = table, x = 0; record < tableEnd; record += ColumnRecord.size, x++) {
      const from = Math.floor((x * length) / width);
      const to = Math.ceil(((x + 1) * length) / width);
      this.#ints[(record + ColumnRecord.from) / 4] = this.#running + from * vectorBytes;
      this.#ints[(record + ColumnRecord.to) / 4] = this.#running + to * vectorBytes;
      this.#floats[(record + ColumnRecord.factor) / 4] = 1 / (to - from);
    }
  }

  /** Reserves memory for `count` results behind the tables and returns its offset. */
  #makeRoom(scaled: ScaledRows, count: number): number {
    const tables = scaled.rowCount * RowRecord.size + scaled.width * ColumnRecord.size;
    const out = align(this.#free + tables);
    this.#reserve(out + count * floatCount(scaled) * floatBytes);
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

function floatCount({ width, rowCount }: ScaledRows): number {
  return 3 * width * rowCount;
}

function align(bytes: number): number {
  return Math.ceil(bytes / vectorBytes) * vectorBytes;
}

/**
 * Scales RGB pictures down by taking means over rectangles, sixteen bytes per instruction. The pyramid of a full-HD
 * frame takes a tenth of the time that it takes in JavaScript. The code is kernels/area-means.ts; area-layout.ts
 * describes how the tables lie in memory.
 */
interface AreaKernel {
  readonly memory: WasmMemory;
  /** All are byte offsets into `memory`, or counts of bytes. */
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
}

/** Creates a kernel with its own memory. */
function createAreaKernel(): AreaKernel {
  return createKernel('area-means') as AreaKernel;
}
