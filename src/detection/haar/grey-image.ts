import type { Box } from '../../core/geometry.js';
import type { Image, RgbImage } from '../../core/image.js';
import { blackLuma, isYuv, lumaSteps } from '../../core/yuv.js';

/** A picture with one channel, rows from the top without padding. `data` may be longer than width × height. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Writes the luma of rows `from` to `to` (exclusive) of a picture into `grey`, from 0 for black to 255 for white. RGB
 * becomes 0.299 R + 0.587 G + 0.114 B in OpenCV's fixed-point arithmetic.
 */
export function writeGreyRows(image: Image, from: number, to: number, grey: Uint8Array): void {
  const { width, data } = image;
  if (!isYuv(image)) return writeGreyOfRgb(image, from, to, grey);
  for (let at = from * width; at < to * width; at++) grey[at] = fullRange[data[at]!]!;
}

/** Luma of full range for each of limited range; values below black and above white become these. */
const fullRange = Uint8ClampedArray.from(
  { length: 256 },
  (_, luma) => ((luma - blackLuma) * 255) / lumaSteps,
);

function writeGreyOfRgb(image: RgbImage, from: number, to: number, grey: Uint8Array): void {
  const { width, data } = image;
  const end = to * width;
  for (let target = from * width, source = 3 * target; target < end; target++, source += 3) {
    const luma = 9798 * data[source]! + 19235 * data[source + 1]! + 3735 * data[source + 2]!;
    grey[target] = (luma + (1 << 14)) >> 15;
  }
}

/** The two source pixels along one side that each pixel of the smaller picture lies between. */
interface Taps {
  /** The first of the two. */
  readonly first: Int32Array;
  /** Weight of the second, 0 to 256. */
  readonly share: Uint16Array;
}

/**
 * Scales a picture down row by row, bilinearly in 8-bit fixed-point arithmetic, to the same pixels as OpenCV's
 * INTER_LINEAR_EXACT. The source must have at least two rows and two columns.
 */
export class ResizedRows {
  readonly #source: GreyImage;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** Two rows of the source, scaled along x only, in units of 1/256. */
  #upper: Uint16Array;
  #lower: Uint16Array;
  /** The row numbers of those two rows in the source. */
  #upperRow = -1;
  #lowerRow = -1;

  constructor(source: GreyImage, width: number, height: number) {
    this.#source = source;
    this.#columns = resizeTaps(source.width, width);
    this.#rows = resizeTaps(source.height, height);
    this.#upper = new Uint16Array(width);
    this.#lower = new Uint16Array(width);
  }

  /** Writes row `y` of the smaller picture into `out`. It is fastest if rows are written in order. */
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

/** Pixel centres lie at 0.5; beyond the edges, the first and the last pixel are repeated. */
function resizeTaps(from: number, to: number): Taps {
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

/**
 * Scales a square part of a picture bilinearly to `side` × `side` pixels of 0 to 1 (grey level / 256). If the part is
 * larger, it is sampled in about as many places as it has pixels, so that no pixel is skipped. Beyond the edges of the
 * picture, its outermost pixels are repeated.
 *
 * @param out room for `side` × `side` numbers
 */
export function sampleSquare(
  { width, height, data }: GreyImage,
  part: Box,
  side: number,
  out: Float32Array,
): void {
  const places = Math.max(1, Math.round(part.width / side));
  const columns = sampleTaps(part.x, part.width, side * places, width);
  const rows = sampleTaps(part.y, part.height, side * places, height);
  out.fill(0);
  for (let y = 0; y < side * places; y++) {
    const upper = rows.first[y]! * width;
    const lower = rows.second[y]! * width;
    const down = rows.share[y]!;
    const target = Math.floor(y / places) * side;
    for (let x = 0; x < side * places; x++) {
      const left = columns.first[x]!;
      const right = columns.second[x]!;
      const along = columns.share[x]!;
      const above = data[upper + left]! + (data[upper + right]! - data[upper + left]!) * along;
      const below = data[lower + left]! + (data[lower + right]! - data[lower + left]!) * along;
      out[target + Math.floor(x / places)]! += above + (below - above) * down;
    }
  }
  const unit = 1 / (256 * places * places);
  for (let i = 0; i < side * side; i++) out[i]! *= unit;
}

/**
 * Spreads `count` sampling places evenly over `length` pixels from `start` on, and finds for each the two of `limit`
 * pixels that it lies between and the weight of the second, 0 to 1.
 */
function sampleTaps(
  start: number,
  length: number,
  count: number,
  limit: number,
): { first: Int32Array; second: Int32Array; share: Float64Array } {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const share = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(start + ((i + 0.5) * length) / count - 0.5, 0), limit - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i]! + 1, limit - 1);
    share[i] = at - first[i]!;
  }
  return { first, second, share };
}
