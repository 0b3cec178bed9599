import type { GreyImage } from './grey.js';

/** Between which two pixels along one side each pixel of the smaller picture lies. */
interface Taps {
  /** The first of the two. */
  readonly first: Int32Array;
  /** Share of the second, 0 to 256. */
  readonly share: Uint16Array;
}

/**
 * A picture scaled down, row by row from the top, bilinearly in 8-bit fixed-point numbers: the same pixels as
 * OpenCV's INTER_LINEAR_EXACT. The source needs two rows and columns or more.
 */
export class ResizedRows {
  readonly #source: GreyImage;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** Two rows of the source, scaled along x only, in 1/256. */
  #upper: Uint16Array;
  #lower: Uint16Array;
  /** Which rows of the source those are. */
  #upperRow = -1;
  #lowerRow = -1;

  constructor(source: GreyImage, width: number, height: number) {
    this.#source = source;
    this.#columns = tapsOf(source.width, width);
    this.#rows = tapsOf(source.height, height);
    this.#upper = new Uint16Array(width);
    this.#lower = new Uint16Array(width);
  }

  /** Writes row `y` of the smaller picture into `out`. Fastest when rows are asked for in their order. */
  write(y: number, out: Uint8Array): void {
    this.#moveTo(this.#rows.first[y]!);
    const upper = this.#upper;
    const lower = this.#lower;
    const share = this.#rows.share[y]!;
    const rest = 256 - share;
    for (let x = 0; x < upper.length; x++) out[x] = (upper[x]! * rest + lower[x]! * share + (1 << 15)) >> 16;
  }

  #moveTo(row: number): void {
    if (row === this.#upperRow) return;
    if (row === this.#lowerRow) {
      [this.#upper, this.#lower] = [this.#lower, this.#upper];
    } else this.#scaleRow(row, this.#upper);
    this.#scaleRow(row + 1, this.#lower);
    this.#upperRow = row;
    this.#lowerRow = row + 1;
  }

  #scaleRow(row: number, out: Uint16Array): void {
    const { data, width } = this.#source;
    const { first, share } = this.#columns;
    const start = row * width;
    for (let x = 0; x < out.length; x++) {
      const at = start + first[x]!;
      out[x] = (data[at]! << 8) + (data[at + 1]! - data[at]!) * share[x]!;
    }
  }
}

/** Pixel centres lie at .5; beyond the edges the first and the last pixel are repeated. */
function tapsOf(from: number, to: number): Taps {
  const first = new Int32Array(to);
  const share = new Uint16Array(to);
  const step = 1 / (to / from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max((i + 0.5) * step - 0.5, 0), from - 1);
    first[i] = Math.min(Math.floor(at), from - 2);
    share[i] = Math.round((at - first[i]!) * 256);
  }
  return { first, share };
}
