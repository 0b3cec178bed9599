/**
 * How a cascade lies in the memory of its kernel: one program of records, a header first, then each stage with its
 * stumps behind it. The values are byte offsets from the start of a record. Corners are byte offsets from the entry of
 * a window in the integral image, in the order top left, top right, bottom left, bottom right.
 *
 * Both compilers read this file: TypeScript for the code that writes the program, and AssemblyScript for
 * kernels/cascade-windows.ts, which runs it. It must stay within what the two languages share.
 */
export enum HeaderRecord {
  corners = 0,
  area = 16,
  size = 24,
}

export enum StageRecord {
  /** Address of the next stage. */
  end = 0,
  /** The sum of the votes when every stump votes "above", less the threshold. */
  start = 8,
  size = 16,
}

export enum StumpRecord {
  /** The corners of three rectangles of `rectBytes` each. */
  corners = 0,
  /** The weights of the three rectangles; 0 if a rectangle is missing. */
  weights = 48,
  threshold = 60,
  /** This is added to the sum of the votes if the value is below the threshold. */
  vote = 64,
  size = 72,
}

/** Four corners of a rectangle. */
export const rectBytes = 16;

/** Verdicts on a window; every other window gets 0. */
export const failedFirstStage = 1;
export const passedAllStages = 2;
