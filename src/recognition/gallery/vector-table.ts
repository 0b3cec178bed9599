import { mostRowCode, rowLayout, quantise } from './thread/candidate-search.js';
import { createSharedMemory, pageBytes, type SharedWasmMemory } from '../../core/wasm-kernel.js';

/** 1 MiB. The memory grows in place, so growing often costs little. */
const leastGrowthPages = 16;
const initialLength = 64;
/** Vectors per chunk. A list of chunks grows without copying vectors. */
const chunkRows = 1024;

/**
 * Vectors of one dimension as rows, each with the number of its person. The exact vectors belong to the main loop; their
 * rounded codes lie in memory shared with the search thread. Only the main loop writes. Adding a row does not disturb a
 * running search, removing one does.
 */
export class VectorTable {
  readonly dimension: number;
  readonly memory: SharedWasmMemory;
  readonly #layout: ReturnType<typeof rowLayout>;
  readonly #chunks: Float32Array[] = [];
  #rows = 0;
  /** A view of the whole shared memory; replaced when the memory grows. */
  #codes: Int8Array;
  #scales = new Float32Array(sharedWords(initialLength));
  #persons = new Int32Array(sharedWords(initialLength));

  constructor(dimension: number) {
    this.dimension = dimension;
    this.#layout = rowLayout(dimension);
    this.memory = createSharedMemory(Math.ceil(this.#layout.rows / pageBytes));
    this.#codes = new Int8Array(this.memory.buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  /** By row; longer than there are rows. */
  get scaleOfRow(): Float32Array {
    return this.#scales;
  }

  /** By row; longer than there are rows. */
  get personOfRow(): Int32Array {
    return this.#persons;
  }

  /** Adds a row. @param person number of the person */
  push(vector: Float32Array, person: number): void {
    const row = this.#rows;
    this.#reserve(row + 1);
    this.vector(row).set(vector);
    this.#scales[row] = quantise(vector, mostRowCode, this.#codesOf(row));
    this.#persons[row] = person;
    this.#rows++;
  }

  /** A row's vector, not a copy. */
  vector(row: number): Float32Array {
    const start = (row % chunkRows) * this.dimension;
    return (this.#chunks[Math.floor(row / chunkRows)] as Float32Array).subarray(
      start,
      start + this.dimension,
    );
  }

  /** Removes a row; the last row moves into its place. */
  removeRow(row: number): void {
    const last = --this.#rows;
    this.vector(row).set(this.vector(last));
    this.#codesOf(row).set(this.#codesOf(last));
    this.#scales[row] = this.#scales[last] as number;
    this.#persons[row] = this.#persons[last] as number;
  }

  /** @throws RangeError when the vector has another dimension */
  checkDimension(vector: Float32Array): void {
    if (vector.length === this.dimension) return;
    throw new RangeError(`Expected a vector of ${this.dimension} floats but received ${vector.length}`);
  }

  #codesOf(row: number): Int8Array {
    const { rows, stride } = this.#layout;
    return this.#codes.subarray(rows + row * stride, rows + (row + 1) * stride);
  }

  #reserve(rows: number): void {
    if (rows > this.#chunks.length * chunkRows)
      this.#chunks.push(new Float32Array(chunkRows * this.dimension));
    const missing = this.#layout.rows + rows * this.#layout.stride - this.#codes.length;
    if (missing > 0) {
      this.memory.grow(Math.max(leastGrowthPages, Math.ceil(missing / pageBytes)));
      this.#codes = new Int8Array(this.memory.buffer);
    }
    if (rows <= this.#scales.length) return;
    const [scales, persons] = [this.#scales, this.#persons];
    this.#scales = new Float32Array(sharedWords(2 * scales.length));
    this.#scales.set(scales);
    this.#persons = new Int32Array(sharedWords(2 * persons.length));
    this.#persons.set(persons);
  }
}

function sharedWords(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT);
}
