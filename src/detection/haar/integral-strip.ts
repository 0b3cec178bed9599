/** How the entries of a strip are arranged in the arrays. */
export interface StripLayout {
  /** Distance from one row to the next, in entries; even. */
  readonly stride: number;
  /**
   * Windows begin at every column or at every second column. With step 2 the even columns of a row come first and the
   * odd ones half a stride later, so that the entries of neighbouring windows are adjacent.
   */
  readonly step: 1 | 2;
}

/** The index in the arrays of the entry for column `x` and row `y`. */
export function entryAt({ stride, step }: StripLayout, x: number, y: number): number {
  return y * stride + (step === 1 ? x : (x & 1) * (stride >> 1) + (x >> 1));
}

/**
 * Some rows of the integral images of a picture: entry (x, y) is the sum of all pixels left of x and above y, and of
 * their squares (P. Viola and M. Jones, CVPR 2001). Sums wrap at 32 bits, which does not affect the difference of four
 * corners as long as that fits. Only a strip is kept, so that it stays in the processor's cache.
 */
export class IntegralStrip {
  readonly #sums: Int32Array;
  readonly #squares: Int32Array;
  readonly #overlap: number;
  #layout: StripLayout;
  #width = 0;
  /** The number of rows of entries at the moment. */
  #rows = 0;

  /**
   * @param sums one entry for each row added between two calls of `slide`, for `overlap` rows and for one more
   * @param squares the same number of entries
   * @param overlap how many rows of the picture `slide` keeps
   */
  constructor(sums: Int32Array, squares: Int32Array, overlap: number) {
    this.#sums = sums;
    this.#squares = squares;
    this.#overlap = overlap;
    this.#layout = { stride: 0, step: 1 };
  }

  /** Begins a picture of `width` pixels, at most the stride less one. */
  begin(width: number, layout: StripLayout): void {
    this.#width = width;
    this.#layout = layout;
    this.#rows = 1;
    this.#sums.fill(0, 0, layout.stride);
    this.#squares.fill(0, 0, layout.stride);
  }

  /** Drops all rows but the last `overlap` ones of the picture, which move to the top. */
  slide(): void {
    const { stride } = this.#layout;
    const from = (this.#rows - this.#overlap - 1) * stride;
    const to = this.#rows * stride;
    this.#sums.copyWithin(0, from, to);
    this.#squares.copyWithin(0, from, to);
    this.#rows = this.#overlap + 1;
  }

  /** Adds the next row of the picture. */
  add(pixels: Uint8Array): void {
    const { stride, step } = this.#layout;
    const sums = this.#sums;
    const squares = this.#squares;
    const start = this.#rows * stride;
    // The same as `entryAt`, without its branch.
    const shift = step - 1;
    const oddColumns = stride >> 1;
    let sum = 0;
    let square = 0;
    sums[start] = 0;
    squares[start] = 0;
    for (let x = 0; x < this.#width; x++) {
      const value = pixels[x]!;
      const column = x + 1;
      const at = start + (column & shift) * oddColumns + (column >> shift);
      sum = (sum + value) | 0;
      square = (square + value * value) | 0;
      sums[at] = sums[at - stride]! + sum;
      squares[at] = squares[at - stride]! + square;
    }
    this.#rows++;
  }
}
