import { createKernel, type SharedWasmMemory } from './wasm-kernel.js';

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
