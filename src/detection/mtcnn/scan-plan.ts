import { meanBrightness } from '../../core/brightness.js';
import { area, type Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import { cellSize, cutIntoBlocks, cutIntoStrips, joinBlocks, pyramidLevels, type Strip } from './pyramid.js';

/** However much changes, P-Net covers as many pixels as the whole pyramid has in no less than this time, … */
const scanMs = 500;
/**
 * … and when searches come less often than ten a second, because cameras share the time or the camera is to be searched
 * seldom, it covers no more than this share of the pyramid in each, so that searches stay short and come often …
 */
const usualShare = 0.2;
/** … but all of it in this time. */
const longestScanMs = 1000;
/**
 * Share of the pyramid that may be searched in one frame, unless frames come so seldom that more is due: what was saved
 * while little changed is not spent at once, which would hold up the searches of all cameras.
 */
const mostAtOnce = 0.5;
/** Every part of the pyramid is searched again after this time, even where nothing changed. */
const refreshMs = 4000;
/** A part is not searched again sooner, however much changes in it. */
const restMs = 150;

/** Side of a cell of the grid of brightness as a share of the smallest face, and in pixels at least. */
const cellShare = 0.4;
const leastCellSide = 4;
/** Least difference of a cell's brightness, in levels of 255, that is a change, and the largest that is not. */
const leastChange = 4;
const mostNoise = 12;
/**
 * A difference of this many times the median one is a change: about four standard deviations of noise, which is most of
 * what differs in a picture of which less than half moves.
 */
const changeByNoise = 6;
/** One in so many cells is enough to estimate the median. */
const medianStride = 8;
/** A new face changes at least the cells of a square of this share of its side. */
const changedShare = 0.35;

/** A part of the pyramid, and what is known of its last search. */
interface Block {
  readonly strip: Strip;
  readonly pixels: number;
  /** The part of the picture that it shows. */
  readonly box: Box;
  /** Side in pixels of the picture of the faces that P-Net finds in it. */
  readonly faceSide: number;
  /** Number of cells that must differ before it counts as changed. */
  readonly leastCells: number;
  /** The cells of the grid that it covers, and how bright they were when it was last searched. */
  readonly cells: Int32Array;
  seen: Float32Array | undefined;
  searchedAt: number;
}

/** How a picture is divided into cells of even size. */
interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels. */
  readonly cellWidth: number;
  readonly cellHeight: number;
}

/**
 * Which parts of the pyramid P-Net searches in each frame of a video. Parts in which something changed since they were
 * last searched come at once, and the others in turn, so that most of a still picture is left alone. The work in a
 * second is limited: a picture that changes everywhere is covered in half a second at ten searches a second or more, and
 * in a second at five or fewer.
 */
export class ScanPlan {
  readonly #grid: Grid;
  readonly #blocks: readonly Block[];
  readonly #totalPixels: number;
  #before: Float32Array | undefined;
  #lastAt: number | undefined;
  /** Pixels that may be searched: what was saved while little changed, up to a part of the pyramid. */
  #credit: number;
  /** Pixels that are to be searched whether or not they changed; below 0 after more than that. */
  #refreshDue = 0;

  constructor(width: number, height: number, minFaceSize: number) {
    this.#grid = gridOf(width, height, Math.max(leastCellSide, minFaceSize * cellShare));
    this.#blocks = pyramidLevels(width, height, minFaceSize)
      .flatMap(cutIntoStrips)
      .flatMap(cutIntoBlocks)
      .map((strip) => createBlock(strip, this.#grid));
    this.#totalPixels = this.#blocks.reduce((sum, { pixels }) => sum + pixels, 0);
    this.#credit = this.#totalPixels;
  }

  /**
   * The parts to search in this frame; all of them in the first.
   * @param timeMs when the frame was taken, on any clock that does not go back
   */
  next(image: Image, timeMs: number): Strip[] {
    const luma = meanBrightness(image, this.#grid.columns, this.#grid.rows);
    const threshold = this.#leastChange(luma);
    this.#earn(timeMs);
    const oldestFirst = this.#blocks.toSorted((a, b) => a.searchedAt - b.searchedAt);
    const due = new Set<Block>();
    for (const block of oldestFirst) {
      if (this.#refreshDue <= 0) break;
      this.#refreshDue -= block.pixels;
      this.#take(block, due);
    }
    for (const block of oldestFirst) {
      if (this.#credit <= 0) break;
      if (due.has(block) || timeMs - block.searchedAt < restMs) continue;
      if (hasChanged(block, luma, threshold)) this.#take(block, due);
    }
    for (const block of due) {
      block.searchedAt = timeMs;
      block.seen = Float32Array.from(block.cells, (cell) => luma[cell] as number);
    }
    return joinBlocks([...due].map(({ strip }) => strip));
  }

  /** Has the parts in which a face of about this size would be found searched again, as if they had changed. */
  searchAgain(box: Box): void {
    const side = Math.sqrt(area(box));
    for (const block of this.#blocks) {
      const isOfSize = block.faceSide > side / 2 && block.faceSide < side * 2;
      if (isOfSize && overlaps(block.box, box)) block.seen = undefined;
    }
  }

  #earn(timeMs: number): void {
    const before = this.#lastAt;
    this.#lastAt = timeMs;
    if (before === undefined) return;
    const whole = this.#totalPixels;
    const elapsedMs = Math.max(0, timeMs - before);
    const earned = whole * earnedShare(elapsedMs);
    this.#credit = Math.min(Math.max(earned, whole * mostAtOnce), this.#credit + earned);
    this.#refreshDue = Math.min(whole, this.#refreshDue + (whole * elapsedMs) / refreshMs);
  }

  #take(block: Block, due: Set<Block>): void {
    due.add(block);
    this.#credit -= block.pixels;
  }

  /** In levels of brightness: more in a noisy picture, so that noise does not count as change. */
  #leastChange(luma: Float32Array): number {
    const before = this.#before ?? luma;
    this.#before = luma;
    const length = Math.ceil(luma.length / medianStride);
    const differences = Float32Array.from({ length }, (_, index) => {
      const cell = index * medianStride;
      return Math.abs((luma[cell] as number) - (before[cell] as number));
    }).sort();
    const median = differences[length >> 1] ?? 0;
    return Math.min(mostNoise, Math.max(leastChange, changeByNoise * median));
  }
}

/** Share of the pyramid that may be searched for this much time since the last search. */
function earnedShare(elapsedMs: number): number {
  return Math.min(1, Math.max(Math.min(elapsedMs / scanMs, usualShare), elapsedMs / longestScanMs));
}

function gridOf(width: number, height: number, cellSide: number): Grid {
  const columns = Math.ceil(width / cellSide);
  const rows = Math.ceil(height / cellSide);
  return { columns, rows, cellWidth: width / columns, cellHeight: height / rows };
}

function createBlock(strip: Strip, grid: Grid): Block {
  const { level, firstRow, rowCount, firstColumn, columnCount } = strip;
  const box = {
    x: firstColumn / level.scale,
    y: firstRow / level.scale,
    width: columnCount / level.scale,
    height: rowCount / level.scale,
  };
  const faceSide = cellSize / level.scale;
  return {
    strip,
    pixels: columnCount * rowCount,
    box,
    faceSide,
    leastCells: Math.max(1, Math.floor((changedShare * faceSide) ** 2 / (grid.cellWidth * grid.cellHeight))),
    cells: cellsIn(box, grid),
    seen: undefined,
    searchedAt: -Infinity,
  };
}

function cellsIn({ x, y, width, height }: Box, grid: Grid): Int32Array {
  const { columns, rows, cellWidth, cellHeight } = grid;
  const left = Math.floor(x / cellWidth);
  const right = Math.min(columns, Math.ceil((x + width) / cellWidth));
  const top = Math.floor(y / cellHeight);
  const bottom = Math.min(rows, Math.ceil((y + height) / cellHeight));
  return Int32Array.from({ length: (right - left) * (bottom - top) }, (_, index) => {
    const row = top + Math.floor(index / (right - left));
    return row * columns + left + (index % (right - left));
  });
}

function hasChanged({ seen, cells, leastCells }: Block, luma: Float32Array, threshold: number): boolean {
  if (seen === undefined) return true;
  let changed = 0;
  for (let index = 0; index < cells.length; index++) {
    const difference = (luma[cells[index] as number] as number) - (seen[index] as number);
    if (Math.abs(difference) > threshold && ++changed >= leastCells) return true;
  }
  return false;
}

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
