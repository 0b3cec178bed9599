import { tableLayout } from '../core/nearest-people.js';
import { createSharedMemory, pageBytes, type SharedWasmMemory } from '../core/wasm-code.js';

const floatBytes = Float32Array.BYTES_PER_ELEMENT;
/** 1 MiB: the memory grows in place, so that growing often costs little. */
const leastGrowthPages = 16;
const initialOwners = 64;

/**
 * Vectors of one dimension as rows, and whose each is, in memory that a search thread shares. Only the main loop writes.
 * A row that is added does not disturb a search under way; one that is removed does.
 */
export class VectorTable {
  readonly memory: SharedWasmMemory;
  readonly dimension: number;
  readonly #layout: ReturnType<typeof tableLayout>;
  #rows = 0;
  /** The whole memory; made anew when it grows. */
  #floats: Float32Array;
  #personOfRow = sharedInts(initialOwners);

  constructor(dimension: number) {
    this.dimension = dimension;
    this.#layout = tableLayout(dimension);
    this.memory = createSharedMemory(Math.ceil((this.#layout.rows * floatBytes) / pageBytes));
    this.#floats = new Float32Array(this.memory.buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  /** By row; longer than there are rows. */
  get personOfRow(): Int32Array {
    return this.#personOfRow;
  }

  /** Adds a row. */
  push(vector: Float32Array, person: number): void {
    const row = this.#rows;
    this.#reserve(row + 1);
    this.#floats.set(vector, this.#start(row));
    this.#personOfRow[row] = person;
    this.#rows++;
  }

  /** A row's vector, not a copy; valid until the next change. */
  vector(row: number): Float32Array {
    return this.#floats.subarray(this.#start(row), this.#start(row) + this.dimension);
  }

  /** Takes a row out; the last one moves into its place. */
  removeRow(row: number): void {
    this.#rows--;
    this.#floats.copyWithin(this.#start(row), this.#start(this.#rows), this.#start(this.#rows + 1));
    this.#personOfRow[row] = this.#personOfRow[this.#rows] as number;
  }

  /** @throws RangeError when the vector has another dimension */
  checkDimension(vector: Float32Array): void {
    if (vector.length === this.dimension) return;
    throw new RangeError(`Expected a vector of ${this.dimension} floats but received ${vector.length}`);
  }

  #start(row: number): number {
    return this.#layout.rows + row * this.#layout.stride;
  }

  #reserve(rows: number): void {
    const missing = this.#start(rows) - this.#floats.length;
    if (missing > 0) {
      this.memory.grow(Math.max(leastGrowthPages, Math.ceil((missing * floatBytes) / pageBytes)));
      this.#floats = new Float32Array(this.memory.buffer);
    }
    if (rows <= this.#personOfRow.length) return;
    const longer = sharedInts(2 * this.#personOfRow.length);
    longer.set(this.#personOfRow);
    this.#personOfRow = longer;
  }
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}
