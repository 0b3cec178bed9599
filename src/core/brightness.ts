import type { Image } from './image.js';
import { isYuv } from './yuv.js';

/** Samples along each side of a cell. Sixteen of them bring the noise of a single pixel down to a quarter. */
const samplesPerSide = 4;

/**
 * Mean brightness of the cells of a grid that covers a picture evenly, rows from the top: luma of planar YUV, 16 to 235; of
 * RGB it is green, 0 to 255, which carries most of the brightness. Takes sixteen samples a cell, whatever the picture's size.
 */
export function meanBrightness(image: Image, columns: number, rows: number): Float32Array {
  const { width, height, data } = image;
  const [step, offset] = isYuv(image) ? [1, 0] : [3, 1];
  const xs = sampleOffsets(columns * samplesPerSide, width, step);
  const ys = sampleOffsets(rows * samplesPerSide, height, width * step);
  const grid = new Float32Array(columns * rows);
  for (let y = 0; y < ys.length; y++) {
    const row = (ys[y] as number) + offset;
    let cell = Math.floor(y / samplesPerSide) * columns;
    for (let x = 0; x < xs.length; x += samplesPerSide) {
      let sum = 0;
      for (let i = x; i < x + samplesPerSide; i++) sum += data[row + (xs[i] as number)] as number;
      grid[cell] = (grid[cell] as number) + sum;
      cell += 1;
    }
  }
  return grid.map((sum) => sum / samplesPerSide ** 2);
}

/** Where `count` evenly spaced samples of `length` pixels are, as offsets for pixels `step` bytes apart. */
function sampleOffsets(count: number, length: number, step: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count) * step);
}
