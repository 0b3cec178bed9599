import { createKernel, type WasmMemory } from '../../core/wasm-kernel.js';

/**
 * Scales RGB pictures down by taking means over rectangles, sixteen bytes an instruction: the pyramid over a full-HD
 * frame takes a tenth of the time it takes in JavaScript. The code is kernels/area-means.ts; area-layout.ts says how the
 * tables lie in memory.
 */
export interface AreaKernel {
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

/** Makes a kernel with a memory of its own. */
export function createAreaKernel(): AreaKernel {
  return createKernel('area-means') as AreaKernel;
}
