import { createDotKernel, floatsPerStep } from './dot-kernel.js';

const initialRows = 64;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;
const pageBytes = 65_536;

/**
 * Unit vectors as rows of one flat matrix, compared with a probe all at once. It lives in the memory of the kernel:
 * the probe first, then the rows, then room for one result a row.
 */
export class CosineMatrix {
  readonly #kernel = createDotKernel();
  readonly #dimension: number;
  /** Floats from one row to the next. */
  readonly #stride: number;
  #rows = 0;
  #capacity = 0;
  /** The whole memory; made anew when it grows. */
  #floats = new Float32Array();

  constructor(dimension: number) {
    this.#dimension = dimension;
    this.#stride = Math.ceil(dimension / floatsPerStep) * floatsPerStep;
    this.#reserve(initialRows);
  }

  /** @throws RangeError when the vector has another dimension. */
  push(vector: Float32Array): void {
    this.#check(vector);
    if (this.#rows === this.#capacity) this.#reserve(this.#capacity * 2);
    this.#floats.set(vector, this.#start(this.#rows));
    // Results may have lain where the padding is now.
    this.#floats.fill(0, this.#start(this.#rows) + this.#dimension, this.#start(this.#rows + 1));
    this.#rows++;
  }

  /** Takes a row out; the last one moves into its place. */
  removeRow(row: number): void {
    this.#rows--;
    this.#floats.copyWithin(this.#start(row), this.#start(this.#rows), this.#start(this.#rows + 1));
  }

  /**
   * The cosine of each row with a unit vector, to the precision of single floats. Valid until the next call of any
   * method.
   * @throws RangeError when the vector has another dimension.
   */
  cosines(vector: Float32Array): Float32Array {
    this.#check(vector);
    const results = this.#start(this.#capacity);
    if (this.#rows > 0) {
      this.#floats.set(vector, 0);
      const [probeEnd, rows, rowsEnd] = [this.#stride, this.#start(0), this.#start(this.#rows)];
      this.#kernel.run(
        0,
        probeEnd * floatBytes,
        rows * floatBytes,
        rowsEnd * floatBytes,
        results * floatBytes,
      );
    }
    return this.#floats.subarray(results, results + this.#rows);
  }

  #start(row: number): number {
    return (row + 1) * this.#stride;
  }

  #reserve(capacity: number): void {
    this.#capacity = capacity;
    const { memory } = this.#kernel;
    const missing = (this.#start(capacity) + capacity) * floatBytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    this.#floats = new Float32Array(memory.buffer);
  }

  #check(vector: Float32Array): void {
    if (vector.length === this.#dimension) return;
    throw new RangeError(`Expected a vector of ${this.#dimension} floats but received ${vector.length}`);
  }
}
