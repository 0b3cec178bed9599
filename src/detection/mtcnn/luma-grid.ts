import type { Image } from '../../core/image.js';

/** Samples of a cell, in each direction. */
const samplesPerSide = 4;

/** How bright a picture is on a grid of square cells, from a few samples of each: enough to tell where it changes. */
export class LumaGrid {
  readonly columns: number;
  readonly rows: number;
  readonly #xs: readonly number[];
  readonly #ys: readonly number[];

  /** Sums of a cell's samples are this many times its brightness of 0 to 255. */
  static readonly scale = samplesPerSide ** 2;

  constructor(
    width: number,
    height: number,
    readonly cellSide: number,
  ) {
    this.columns = Math.ceil(width / cellSide);
    this.rows = Math.ceil(height / cellSide);
    this.#xs = samplePositions(this.columns, cellSide, width);
    this.#ys = samplePositions(this.rows, cellSide, height);
  }

  /** The sums of the samples of each cell, row by row. Green stands for the brightness of an RGB picture. */
  read(image: Image): Uint16Array {
    const [step, offset] = 'matrix' in image ? [1, 0] : [3, 1];
    const { data, width } = image;
    const sums = new Uint16Array(this.columns * this.rows);
    for (const [index, y] of this.#ys.entries()) {
      const rowStart = y * width * step + offset;
      const cellStart = Math.floor(index / samplesPerSide) * this.columns;
      for (let sample = 0; sample < this.#xs.length; sample++) {
        const cell = cellStart + Math.floor(sample / samplesPerSide);
        sums[cell] =
          (sums[cell] as number) + (data[rowStart + (this.#xs[sample] as number) * step] as number);
      }
    }
    return sums;
  }
}

function samplePositions(cells: number, side: number, length: number): number[] {
  return Array.from({ length: cells * samplesPerSide }, (_, index) =>
    Math.min(length - 1, Math.floor(((index + 0.5) * side) / samplesPerSide)),
  );
}
