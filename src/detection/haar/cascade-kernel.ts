import { createKernel, type WasmMemory } from '../../core/wasm-kernel.js';

/**
 * Runs a cascade over windows that lie side by side, four at a time, and decides as OpenCV does, bit for bit. The code is
 * kernels/cascade-windows.ts; cascade-layout.ts says how the program lies in memory.
 */
export interface CascadeKernel {
  readonly memory: WasmMemory;
  /**
   * Judges the windows whose entries of the integral image lie at byte `window` and after, up to `windowsEnd`, in
   * fours; writes a verdict for each as 32 bits to `verdicts` and after. `squares` is the distance in bytes to the same
   * entry of the image of squares.
   * @returns 0 when no window passed
   */
  readonly run: (
    window: number,
    windowsEnd: number,
    squares: number,
    program: number,
    programEnd: number,
    verdicts: number,
  ) => number;
}

/** Makes a kernel with a memory of its own. */
export function createCascadeKernel(): CascadeKernel {
  return createKernel('cascade-windows') as CascadeKernel;
}
