import type { RgbImage } from '../../core/image.js';

/** A part of a picture in whole pixels: left and top inclusive, right and bottom exclusive. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Area resampling as PyTorch's `interpolate(mode='area')`: each output pixel is the mean of all input pixels that its
 * cell touches. Writes channels-first floats, normalised to (x − 127.5) / 128, into `out` from `offset`.
 */
export function resampleArea(
  image: RgbImage,
  window: Window,
  width: number,
  height: number,
  out: Float32Array,
  offset = 0,
): void {
  const columns = cells(window.left, window.right, width);
  const rows = cells(window.top, window.bottom, height);
  const inputColumns = (window.right - window.left) * 3;
  const sums = new Float64Array(inputColumns);
  const plane = width * height;
  for (let y = 0; y < height; y++) {
    const top = rows[2 * y] as number;
    const bottom = rows[2 * y + 1] as number;
    sumRows(image, window.left * 3, top, bottom, sums);
    for (let x = 0; x < width; x++) {
      const left = ((columns[2 * x] as number) - window.left) * 3;
      const right = ((columns[2 * x + 1] as number) - window.left) * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let i = left; i < right; i += 3) {
        red += sums[i] as number;
        green += sums[i + 1] as number;
        blue += sums[i + 2] as number;
      }
      const factor = 3 / ((right - left) * (bottom - top) * 128);
      const at = offset + y * width + x;
      out[at] = red * factor - 127.5 / 128;
      out[at + plane] = green * factor - 127.5 / 128;
      out[at + 2 * plane] = blue * factor - 127.5 / 128;
    }
  }
}

/** Adds up the rows `top` to `bottom` (exclusive) from byte `start` of each row. */
function sumRows(image: RgbImage, start: number, top: number, bottom: number, sums: Float64Array): void {
  const { data, width } = image;
  sums.fill(0);
  for (let row = top; row < bottom; row++) {
    const base = row * width * 3 + start;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (data[base + i] as number);
  }
}

/** First input and one past the last input of each of `count` cells over [from, to). */
function cells(from: number, to: number, count: number): Int32Array {
  const bounds = new Int32Array(count * 2);
  const length = to - from;
  for (let i = 0; i < count; i++) {
    bounds[2 * i] = from + Math.floor((i * length) / count);
    bounds[2 * i + 1] = from + Math.ceil(((i + 1) * length) / count);
  }
  return bounds;
}
