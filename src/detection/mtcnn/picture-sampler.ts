import type { RgbImage } from '../../core/image.js';
import { pageBytes, vectorBytes } from '../../core/wasm-kernel.js';
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

/** A 4K frame fits in; what a larger picture needed is given back when the next smaller one comes. */
const keptBytes = 32 * 1024 * 1024;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;

/**
 * Scales parts of one picture down as PyTorch's `interpolate(mode='area')` does: each output pixel is the mean of all
 * input pixels that its cell touches. Results are channels-first floats, (mean − 127.5) / 128, in a buffer that the
 * next call writes over. The picture lies in the kernel's memory, with room for tables and results behind it.
 */
export class PictureSampler {
  #kernel: AreaKernel = createAreaKernel();
  /** Views of the whole memory; made anew when it grows. */
  #ints = new Int32Array();
  #floats = new Float32Array();
  #width = 0;
  #height = 0;
  /** Where things lie in the memory: bytes. The picture begins at 0. */
  #sums = 0;
  #running = 0;
  #free = 0;

  /** Takes a copy of the picture. */
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

  /** Some rows of the whole picture at the size `width` × `height`: three planes of `rowCount` × `width` floats. */
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
    // Of many rows, some are left out: the sum of all could overflow.
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

  /** Where `count` results can be written: behind the tables. */
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
