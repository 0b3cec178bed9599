/**
 * How the tables of the area kernel lie in its memory, as byte offsets from the start of a record.
 *
 * Both compilers read this file: TypeScript for the code that writes the tables, and AssemblyScript for
 * kernels/area-means.ts, which reads them. It must stay within what the two languages share.
 */
export enum RowRecord {
  /** Bytes from the first pixel of the plane to the first input byte. */
  start = 0,
  /** Number of input rows, from 1 to `maxRowCount`. */
  count = 4,
  /** A float: 1 / (128 × count). */
  factor = 8,
  size = 12,
}

export enum ColumnRecord {
  /** Bytes from the first running sum to the one before the cell. */
  from = 0,
  /** Bytes from the first running sum to the one after the cell. */
  to = 4,
  /** A float: 1 / (number of input columns). */
  factor = 8,
  size = 12,
}

/** Input bytes that are added up at a time; as many may be read, and ignored, after the last one asked for. */
export const chunkBytes = 32;
/** More bytes than this could overflow a sum of 16 bits. */
export const maxRowCount = 257;
