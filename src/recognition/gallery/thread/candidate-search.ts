import { type SharedWasmMemory, createKernel } from '../../../core/wasm-kernel.js';

/** Codes of rows lie between −127 and 127. */
export const mostRowCode = 127;
/** Rows compared at a time, so few that their sums stay in the processor's cache. */
const blockRows = 1024;
/** The threads that may search the same rows at the same time. Each has its own room for a probe and a block's sums. */
const searchers = { mainLoop: 0, thread: 1 } as const;

/** The layout of the shared memory, in bytes. */
export function rowLayout(dimension: number) {
  /** Distance from one row to the next, at one byte per code. */
  const stride = Math.ceil(dimension / codesPerStep) * codesPerStep;
  const probe = stride * Int16Array.BYTES_PER_ELEMENT;
  const room = probe + blockRows * Int32Array.BYTES_PER_ELEMENT;
  return { stride, probe, room, rows: room * Object.keys(searchers).length };
}

/** A query that any thread with the rows' memory can answer. The arrays indexed by row lie in shared memory too. */
export interface CandidateQuery {
  readonly probe: Float32Array;
  /** Number of rows to compare. */
  readonly rows: number;
  /** A row's values are its codes times its scale, with an error of at most half the scale. */
  readonly scaleOfRow: Float32Array;
  /** Number of each row's person, below `people`. */
  readonly personOfRow: Int32Array;
  readonly people: number;
  /** Number of people wanted. */
  readonly count: number;
}

/**
 * Finds the few rows that need an exact comparison. Searching many faces is limited by memory bandwidth, and vectors
 * rounded to 8 bits are a quarter of the size. The rounding error is bounded, so no candidate is missed. The idea comes
 * from the VA-file: Weber, Schek and Blott, VLDB 1998.
 */
export class CandidateSearch {
  readonly #kernel: DotKernel;
  readonly #layout: ReturnType<typeof rowLayout>;
  readonly #probe: Int16Array;
  readonly #sums: Int32Array;
  /** Largest code of a probe: small enough that a row's sum fits into 32 bits. */
  readonly #mostProbeCode: number;
  /** Upper bound, by row, of its product with the probe. */
  #most = new Float64Array();

  /** @param memory large enough for at least everything before the rows */
  constructor(memory: SharedWasmMemory, dimension: number, searcher: keyof typeof searchers) {
    this.#kernel = createDotKernel(memory);
    this.#layout = rowLayout(dimension);
    const start = searchers[searcher] * this.#layout.room;
    this.#probe = new Int16Array(memory.buffer, start, this.#layout.stride);
    this.#sums = new Int32Array(memory.buffer, start + this.#layout.probe, blockRows);
    this.#mostProbeCode = Math.min(0x7fff, Math.floor(0x7fff_ffff / (mostRowCode * dimension)));
  }

  /** @returns rows that include, for each of the `count` nearest people, their nearest row */
  candidates({ probe, rows, scaleOfRow, personOfRow, people, count }: CandidateQuery): Int32Array {
    const probeScale = quantise(probe, this.#mostProbeCode, this.#probe);
    const error = largestError(probe, probeScale);
    /** Lower bound, by person, of the product of their nearest row. */
    const least = new Float64Array(people).fill(-Infinity);
    if (this.#most.length < rows) this.#most = new Float64Array(scaleOfRow.length);
    for (let start = 0; start < rows; start += blockRows) {
      const end = Math.min(start + blockRows, rows);
      this.#multiply(start, end);
      for (let row = start; row < end; row++) {
        const product = (this.#sums[row - start] as number) * probeScale;
        const scale = scaleOfRow[row] as number;
        const person = personOfRow[row] as number;
        this.#most[row] = (product + error) * scale;
        const leastOfRow = (product - error) * scale;
        if (leastOfRow > (least[person] as number)) least[person] = leastOfRow;
      }
    }
    return this.#reaching(least, largest(least, count), personOfRow, rows);
  }

  /** The rows that may be their person's nearest and are near enough for that person to be among those wanted. */
  #reaching(least: Float64Array, bar: number, personOfRow: Int32Array, rows: number): Int32Array {
    const found: number[] = [];
    for (let row = 0; row < rows; row++) {
      const most = this.#most[row] as number;
      if (most >= bar && most >= (least[personOfRow[row] as number] as number)) found.push(row);
    }
    return Int32Array.from(found);
  }

  #multiply(start: number, end: number): void {
    const { rows, stride, probe } = this.#layout;
    const { byteOffset, byteLength } = this.#probe;
    const first = rows + start * stride;
    this.#kernel(byteOffset, byteOffset + byteLength, first, rows + end * stride, byteOffset + probe);
  }
}

/**
 * The largest error of the product of a row's and the probe's codes, in units of the row's scale. With x and q rounded
 * to x' and q', |x·q − x'·q'| ≤ |x − x'| |q| + |x'| |q − q'|.
 */
function largestError(probe: Float32Array, probeScale: number): number {
  const halfDiagonal = Math.sqrt(probe.length) / 2;
  const longestRow = mostRowCode * Math.sqrt(probe.length);
  // The last factor covers the rounding errors of single and double precision.
  return (halfDiagonal * Math.hypot(...probe) + longestRow * halfDiagonal * probeScale) * (1 + 1e-5);
}

/** The `count`-th largest value; −Infinity when there are fewer. */
function largest(values: Float64Array, count: number): number {
  const found: number[] = [];
  for (const value of values) {
    if (found.length === count && value <= (found[count - 1] as number)) continue;
    const place = found.findIndex((other) => value > other);
    found.splice(place === -1 ? found.length : place, 0, value);
    if (found.length > count) found.pop();
  }
  return found[count - 1] ?? -Infinity;
}

/**
 * Quantises a vector to integers from −`most` to `most` times a scale. No value is off by more than half the scale.
 * @param codes the whole numbers are written into it
 * @returns the scale, in single precision; 0 for a vector of zeros
 */
export function quantise(vector: Float32Array, most: number, codes: Int8Array | Int16Array): number {
  let largest = 0;
  for (let index = 0; index < vector.length; index++) {
    largest = Math.max(largest, Math.abs(vector[index] as number));
  }
  const scale = Math.fround(largest / most);
  const perScale = scale === 0 ? 0 : 1 / scale;
  for (let index = 0; index < vector.length; index++) {
    const code = Math.round((vector[index] as number) * perScale);
    codes[index] = Math.min(most, Math.max(-most, code));
  }
  return scale;
}

/**
 * What the search thread (workers/search.ts) receives when it starts. It shares the memory with the enrolled embeddings;
 * a task is a `CandidateQuery`.
 */
export interface SearchWorkerData {
  readonly memory: SharedWasmMemory;
  readonly dimension: number;
}

/** Candidate rows; the buffer is transferred. */
export type SearchReply = Int32Array;

/** Rows and probe must be padded with zeros to a multiple of this many codes. */
export const codesPerStep = 32;

/**
 * Multiplies a probe of 16-bit codes with rows of 8-bit codes. All parameters are byte offsets into the kernel's memory;
 * it writes one 32-bit sum for each row to `out` and after. Needs a row or more. The code is kernels/dot-products.ts.
 */
export type DotKernel = (probe: number, probeEnd: number, rows: number, rowsEnd: number, out: number) => void;

/** Makes a kernel that works on the given memory. */
export function createDotKernel(memory: SharedWasmMemory): DotKernel {
  return (createKernel('dot-products', memory) as { readonly run: DotKernel }).run;
}
