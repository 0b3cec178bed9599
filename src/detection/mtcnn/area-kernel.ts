import { createKernel, type WasmMemory } from '../../core/wasm-kernel.js';

/**
 * Scales pictures down by taking means over rectangles, sixteen bytes per instruction. The pyramid of a full-HD frame
 * takes a tenth of the time that it takes in JavaScript. The code is kernels/area-means.ts; area-layout.ts describes how
 * the tables lie in memory. All parameters are byte offsets into `memory`, or counts of bytes, unless they say otherwise.
 */
export interface AreaKernel {
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

/** Creates a kernel with its own memory. */
export function createAreaKernel(): AreaKernel {
  return createKernel('area-means') as AreaKernel;
}
