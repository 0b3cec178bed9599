/** One scale at which P-Net looks. */
export interface Level {
  /** Pixels of this level for one pixel of the picture. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** Some rows of a level, seen by P-Net in one run. */
export interface Strip {
  readonly level: Level;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** P-Net looks through windows of this many pixels, … */
export const cellSize = 12;
/** … this far apart. */
export const cellStride = 2;
/** Step from one level to the next, as in the paper. */
const pyramidFactor = 0.709;

/**
 * About as many pixels are seen in one run. A run blocks its thread, for about 2 ms at this size; and P-Net's values
 * of a whole level would not fit into the processor's cache, which makes it slower than strips that overlap.
 */
const stripPixels = 32_768;
/** Rows of cells in a strip at least, however wide: its windows overlap with those of the next by ten rows of pixels. */
const minCellRows = 24;

/** Levels from large to small: a face of `minFaceSize` pixels is 12 pixels wide in the first. */
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

/** Cuts a level so that each window of P-Net lies in exactly one strip. */
export function cutIntoStrips(level: Level): Strip[] {
  const overlap = cellSize - cellStride;
  const cellRows = Math.max(minCellRows, Math.floor((stripPixels / level.width - overlap) / cellStride));
  const strips: Strip[] = [];
  for (let firstRow = 0; firstRow + cellSize <= level.height; firstRow += cellRows * cellStride) {
    const rowCount = Math.min(cellRows * cellStride + overlap, level.height - firstRow);
    strips.push({ level, firstRow, rowCount });
  }
  return strips;
}
