import { gridColumns, gridRows } from './luma-grid.js';

/** The background of a cell follows its brightness with this time constant, so that slow changes of light are none. */
const backgroundMs = 2000;
/** The usual fluctuation of a cell is learned with this time constant while nothing moves there, … */
const noiseMs = 5000;
/** … and with this one while something does, so that leaves in the wind do not keep a camera awake all day. */
const movingNoiseMs = 60_000;
/** Least and most fluctuation assumed of a cell, in grey levels of 0 to 255. */
const leastNoise = 0.7;
const mostNoise = 10;
/** Least change that counts, in grey levels: a face that could be found differs from its background by more. */
const leastChange = 6;
/** A change counts when it exceeds the cell's usual fluctuation by this factor, … */
const noiseFactor = 4;
/** … and this many times what half of the cells have in this picture, which is high when an encoder starts afresh. */
const pictureFactor = 6;
/** A change of this many grey levels always counts. */
const certainChange = 30;
/** When half of the cells change by this many grey levels from one picture to the next, somebody has switched a light. */
const lightChange = 12;

/**
 * Tells whether something moves in a camera's pictures. Each cell of the luma grid is compared with its own background,
 * relative to its own usual fluctuation (a running Gaussian average: C. Wren et al., "Pfinder", PAMI 1997). Two adjacent
 * cells that stand out make a movement. Sensor noise, an encoder's key frames and slow changes of light do not.
 */
export class Motion {
  #background: Float32Array | undefined;
  readonly #noise = new Float32Array(gridColumns * gridRows).fill(leastNoise);
  #timeMs = 0;

  /**
   * Whether something moves in this picture; true for the first.
   * @param grid from `lumaGrid`
   */
  isMoving(grid: Float32Array, timeMs: number): boolean {
    const background = this.#background;
    const elapsedMs = Math.max(0, timeMs - this.#timeMs);
    this.#timeMs = timeMs;
    if (background === undefined) {
      this.#background = grid.slice();
      return true;
    }
    const differences = grid.map((luma, i) => luma - (background[i] as number));
    // What all cells have in common is the light, or the camera's exposure.
    const light = quantile(differences, 0.5);
    background.forEach((luma, i) => (background[i] = luma + light));
    const changes = differences.map((difference) => Math.abs(difference - light));
    const changed = this.#changedCells(changes);
    this.#learn(grid, changes, changed, elapsedMs);
    return (
      changed.some((isChanged, i) => isChanged === 1 && hasNeighbour(changed, i)) ||
      Math.abs(light) > lightChange
    );
  }

  /** 1 for each cell that changed by more than it usually does. */
  #changedCells(changes: Float32Array): Uint8Array {
    const ratios = changes.map((change, i) => change / (this.#noise[i] as number));
    const factor = Math.max(noiseFactor, pictureFactor * quantile(ratios, 0.5));
    const cells = new Uint8Array(changes.length);
    for (let i = 0; i < cells.length; i++) {
      const usual = Math.max(leastChange, factor * (this.#noise[i] as number));
      cells[i] = (changes[i] as number) > Math.min(usual, certainChange) ? 1 : 0;
    }
    return cells;
  }

  #learn(grid: Float32Array, changes: Float32Array, changed: Uint8Array, elapsedMs: number): void {
    const background = this.#background as Float32Array;
    const adopt = partOf(elapsedMs, backgroundMs);
    const learn = partOf(elapsedMs, noiseMs);
    const learnSlowly = partOf(elapsedMs, movingNoiseMs);
    for (let i = 0; i < grid.length; i++) {
      const noise = this.#noise[i] as number;
      const part = changed[i] === 1 ? learnSlowly : learn;
      background[i] = (background[i] as number) + adopt * ((grid[i] as number) - (background[i] as number));
      // Squares give weight to rare, large fluctuations, such as those of a starved encoder in the dark.
      const variance = noise ** 2 + part * ((changes[i] as number) ** 2 - noise ** 2);
      this.#noise[i] = Math.min(mostNoise, Math.max(leastNoise, Math.sqrt(variance)));
    }
  }
}

/** How much of the way an exponential average goes in this time. */
function partOf(elapsedMs: number, timeConstantMs: number): number {
  return 1 - Math.exp(-elapsedMs / timeConstantMs);
}

function hasNeighbour(cells: Uint8Array, i: number): boolean {
  const column = i % gridColumns;
  return (
    (column > 0 && cells[i - 1] === 1) ||
    (column < gridColumns - 1 && cells[i + 1] === 1) ||
    cells[i - gridColumns] === 1 ||
    cells[i + gridColumns] === 1
  );
}

/** Estimated from every fifth value; five shares no factor with the grid's 96 columns, so no column is left out. */
function quantile(values: Float32Array, part: number): number {
  const some = values.filter((_, i) => i % 5 === 0);
  return smallest(some, Math.floor(part * (some.length - 1)));
}

/**
 * The value that would stand at `rank` if all were sorted, found with a fraction of the work (C. A. R. Hoare, "Algorithm
 * 65: find", CACM 1961). Changes the order of the values.
 */
function smallest(values: Float32Array, rank: number): number {
  let [first, last] = [0, values.length - 1];
  while (first < last) {
    const pivot = values[rank] as number;
    let [low, high] = [first, last];
    while (low <= high) {
      while ((values[low] as number) < pivot) low += 1;
      while ((values[high] as number) > pivot) high -= 1;
      if (low > high) break;
      const value = values[low] as number;
      values[low++] = values[high] as number;
      values[high--] = value;
    }
    if (high < rank) first = low;
    if (rank < low) last = high;
  }
  return values[rank] as number;
}
