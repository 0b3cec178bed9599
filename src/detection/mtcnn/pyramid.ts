/** One level of the pyramid: a scale at which P-Net searches. */
export interface Level {
  /** Pixels of this level for one pixel of the picture. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** A part of a level that P-Net processes in one run. */
export interface Strip {
  readonly level: Level;
  readonly firstRow: number;
  readonly rowCount: number;
  readonly firstColumn: number;
  readonly columnCount: number;
}

/** Side of P-Net's windows, in pixels of a level. */
export const cellSize = 12;
/** Distance from one window to the next, in pixels of a level. */
export const cellStride = 2;
/** Scale factor from one level to the next, the same as in the paper. */
const pyramidFactor = 0.709;

/**
 * The approximate number of pixels per run. A run blocks its thread, at this size for about 2 ms. P-Net's values of a
 * whole level would not fit into the processor's cache, which is slower than strips that overlap.
 */
const stripPixels = 32_768;
/** Least number of cell rows in a strip, however wide it is, because neighbouring strips share ten rows of pixels. */
const minCellRows = 24;
/** Approximate number of cells from the left to the right edge of a block. */
const blockCells = 24;
/** Pixels that neighbouring strips or blocks share, so that each window of P-Net lies in exactly one of them. */
const overlap = cellSize - cellStride;

/** Levels from large to small. A face of `minFaceSize` pixels is 12 pixels wide in the first. */
export function pyramidLevels(width: number, height: number, minFaceSize: number): Level[] {
  const levels: Level[] = [];
  for (
    let scale = cellSize / minFaceSize;
    Math.min(width, height) * scale >= cellSize;
    scale *= pyramidFactor
  ) {
    levels.push({ scale, width: Math.trunc(width * scale + 1), height: Math.trunc(height * scale + 1) });
  }
  return levels;
}

/** Cuts a level into strips over its whole width, so that each window of P-Net lies in exactly one. */
export function cutIntoStrips(level: Level): Strip[] {
  const cellRows = Math.max(minCellRows, Math.floor((stripPixels / level.width - overlap) / cellStride));
  const strips: Strip[] = [];
  for (let firstRow = 0; firstRow + cellSize <= level.height; firstRow += cellRows * cellStride) {
    const rowCount = Math.min(cellRows * cellStride + overlap, level.height - firstRow);
    strips.push({ level, firstRow, rowCount, firstColumn: 0, columnCount: level.width });
  }
  return strips;
}

/** Cuts a strip from left to right into blocks about as wide as it is high, each window of P-Net in exactly one. */
export function cutIntoBlocks(strip: Strip): Strip[] {
  const cellColumns = Math.floor((strip.columnCount - overlap) / cellStride);
  const count = Math.max(1, Math.round(cellColumns / blockCells));
  const starts = Array.from({ length: count }, (_, i) => cellStride * Math.floor((i * cellColumns) / count));
  return starts.map((firstColumn, index) => {
    const next = starts[index + 1];
    const end = next === undefined ? strip.columnCount : next + overlap;
    return { ...strip, firstColumn, columnCount: end - firstColumn };
  });
}

/** Joins blocks that are neighbours in a strip, because what they share is then searched once. */
export function joinBlocks(blocks: readonly Strip[]): Strip[] {
  const sorted = blocks.toSorted(
    (a, b) => b.level.scale - a.level.scale || a.firstRow - b.firstRow || a.firstColumn - b.firstColumn,
  );
  const joined: Strip[] = [];
  for (const block of sorted) {
    const last = joined.at(-1);
    const isNext =
      last !== undefined &&
      last.level === block.level &&
      last.firstRow === block.firstRow &&
      block.firstColumn <= last.firstColumn + last.columnCount;
    if (!isNext) joined.push(block);
    else
      joined[joined.length - 1] = {
        ...last,
        columnCount: block.firstColumn + block.columnCount - last.firstColumn,
      };
  }
  return joined;
}
