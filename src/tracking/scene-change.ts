import { gridColumns, gridRows } from './luma-grid.js';

/** Cells of the luma grid along each side of what is compared: 32 × 18 parts of a picture tell scenes apart. */
const cellsPerSide = 3;
const columns = gridColumns / cellsPerSide;
const rows = gridRows / cellsPerSide;
/**
 * Least correlation of two consecutive grids of one scene. It is below 0.2 at a cut, and above 0.45 however people
 * move.
 */
const leastCorrelation = 0.3;
/** Least standard deviation of a picture that shows anything, in grey levels of 0 to 255. */
const leastContrast = 3;

/**
 * Detects that a picture shows another scene than the one before, such as after a cut in a film or when a camera moves
 * to another preset. Faces after the change are not the faces before it, even at the same place. Switching a light on
 * or off is not a change, because only the correlation of the grids counts. The limits were measured on the test clips.
 */
export class SceneChange {
  #before: Float64Array | undefined;

  /**
   * Whether a picture shows another scene than the last one; false for the first, and for pictures without contrast.
   * @param grid from `lumaGrid`
   */
  isCut(grid: Float32Array): boolean {
    const now = standardised(grid);
    const before = this.#before;
    this.#before = now ?? before;
    if (now === undefined || before === undefined) return false;
    const correlation = now.reduce((sum, value, i) => sum + value * (before[i] as number), 0) / now.length;
    return correlation < leastCorrelation;
  }
}

/** Brightness of the parts, scaled to mean 0 and standard deviation 1; undefined for a picture without contrast. */
function standardised(grid: Float32Array): Float64Array | undefined {
  const samples = new Float64Array(columns * rows);
  for (let i = 0; i < grid.length; i++) {
    const row = Math.floor(i / gridColumns / cellsPerSide);
    const part = row * columns + Math.floor((i % gridColumns) / cellsPerSide);
    samples[part] = (samples[part] as number) + (grid[i] as number) / cellsPerSide ** 2;
  }
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const deviation = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length);
  return deviation < leastContrast ? undefined : samples.map((value) => (value - mean) / deviation);
}
