/** One level of the pyramid: a scale at which P-Net searches. */
export interface Level {
  /** Pixels of this level for one pixel of the picture. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** Some rows of a level that P-Net processes in one run. */
export interface Strip {
  readonly level: Level;
  readonly firstRow: number;
  readonly rowCount: number;
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
