/**
 * A part of the integral images of a picture, some rows at a time: for each pixel, the sum of all pixels above and to
 * the left of it, and of their squares. Sums wrap at 32 bits; the difference of four corners is right all the same
 * while it fits. Only a strip is kept, so that it stays in the processor's cache.
 */
export class IntegralStrip {
  /** From one row to the next in both arrays. */
  readonly stride: number;
  readonly sums: Int32Array;
  readonly squares: Int32Array;
  readonly #overlap: number;
  /** Rows there now; row 0 of the arrays is picture row `#top`. */
  #rows = 0;
  #width = 0;

  /**
   * @param width of the widest picture
   * @param rows of the picture that may be added between two calls of `slide`
   * @param overlap rows of the picture that `slide` keeps
   */
  constructor(width: number, rows: number, overlap: number) {
    this.stride = width + 1;
    this.#overlap = overlap;
    const size = this.stride * (rows + overlap + 1);
    this.sums = new Int32Array(size);
    this.squares = new Int32Array(size);
  }

  /** Begins a picture of `width` pixels. Entry (x, y) of the arrays sums up what lies left of x and above y. */
  begin(width: number): void {
    this.#width = width;
    this.#rows = 1;
    this.sums.fill(0, 0, width + 1);
    this.squares.fill(0, 0, width + 1);
  }

  /** Drops all rows but the last `overlap` ones of the picture, which move to the top. */
  slide(): void {
    const from = (this.#rows - this.#overlap - 1) * this.stride;
    const to = this.#rows * this.stride;
    this.sums.copyWithin(0, from, to);
    this.squares.copyWithin(0, from, to);
    this.#rows = this.#overlap + 1;
  }

  /** Adds the next row of the picture. */
  add(pixels: Uint8Array): void {
    const { sums, squares, stride } = this;
    let at = this.#rows * stride;
    let sum = 0;
    let square = 0;
    sums[at] = 0;
    squares[at] = 0;
    for (let x = 0; x < this.#width; x++) {
      const value = pixels[x]!;
      at++;
      sum = (sum + value) | 0;
      square = (square + value * value) | 0;
      sums[at] = sums[at - stride]! + sum;
      squares[at] = squares[at - stride]! + square;
    }
    this.#rows++;
  }
}
