import { createDotKernel, floatsPerStep, type DotKernel } from './dot-kernel.js';
import type { SharedWasmMemory } from './wasm-code.js';

const floatBytes = Float32Array.BYTES_PER_ELEMENT;
/** Rows compared at a time: few enough that their results stay in the processor's cache. */
const blockRows = 1024;
/** Threads that may search one table at the same time, each with room for its probe and the results of a block. */
export const searchers = { mainLoop: 0, thread: 1 } as const;

/** Where things lie in a table's memory, in floats. */
export function tableLayout(dimension: number) {
  /** From one row to the next. */
  const stride = Math.ceil(dimension / floatsPerStep) * floatsPerStep;
  const room = stride + blockRows;
  return { stride, room, rows: room * Object.keys(searchers).length };
}

/** One search. Whose each row is travels as memory that threads share. */
export interface NearestQuery {
  readonly probe: Float32Array;
  /** Rows to compare. */
  readonly rows: number;
  /** By row; each below `people`. */
  readonly personOfRow: Int32Array;
  readonly people: number;
  /** People wanted. */
  readonly count: number;
}

/** A person by number, and the row of theirs that is nearest to the probe. */
export interface NearestRow {
  readonly person: number;
  readonly row: number;
}

/** Searches a table of unit vectors in shared memory, exactly: every row is compared. */
export class NearestPeople {
  readonly #kernel: DotKernel;
  readonly #stride: number;
  /** In bytes. */
  readonly #rows: number;
  readonly #probe: Float32Array;
  readonly #cosines: Float32Array;

  /** @param memory with room for at least the part before the rows */
  constructor(memory: SharedWasmMemory, dimension: number, searcher: keyof typeof searchers) {
    const { stride, room, rows } = tableLayout(dimension);
    this.#kernel = createDotKernel(memory);
    this.#stride = stride;
    this.#rows = rows * floatBytes;
    const start = searchers[searcher] * room * floatBytes;
    this.#probe = new Float32Array(memory.buffer, start, stride);
    this.#cosines = new Float32Array(memory.buffer, start + stride * floatBytes, blockRows);
  }

  /** The people whose nearest row is nearest to the probe, nearest first, to the precision of single floats. */
  nearest({ probe, rows, personOfRow, people, count }: NearestQuery): NearestRow[] {
    const cosineOf = new Float32Array(people).fill(-Infinity);
    const rowOf = new Int32Array(people);
    this.#probe.set(probe);
    for (let start = 0; start < rows; start += blockRows) {
      const end = Math.min(start + blockRows, rows);
      this.#compare(start, end);
      for (let row = start; row < end; row++) {
        const person = personOfRow[row] as number;
        const cosine = this.#cosines[row - start] as number;
        if (cosine <= (cosineOf[person] as number)) continue;
        cosineOf[person] = cosine;
        rowOf[person] = row;
      }
    }
    return largest(cosineOf, count).map((person) => ({ person, row: rowOf[person] as number }));
  }

  #compare(start: number, end: number): void {
    const { byteOffset: probe, byteLength } = this.#probe;
    const strideBytes = this.#stride * floatBytes;
    this.#kernel(
      probe,
      probe + byteLength,
      this.#rows + start * strideBytes,
      this.#rows + end * strideBytes,
      this.#cosines.byteOffset,
    );
  }
}

/** Indices of the `count` largest finite values, largest first. */
function largest(values: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value === -Infinity) continue;
    if (found.length === count && value <= (values[found[count - 1] as number] as number)) continue;
    const place = found.findIndex((other) => value > (values[other] as number));
    found.splice(place === -1 ? found.length : place, 0, index);
    if (found.length > count) found.pop();
  }
  return found;
}
