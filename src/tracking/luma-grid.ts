import type { Image } from '../core/image.js';
import { isYuv } from '../core/yuv.js';

/** Cells of the grid: at 1920×1080, 20×20 pixels each. A person 60 pixels high covers three of them. */
export const gridColumns = 96;
export const gridRows = 54;
/** Samples along each side of a cell. Sixteen of them bring the noise of a single pixel down to a quarter. */
const samplesPerSide = 4;

/**
 * Mean brightness of each cell, 0 to 255, rows from the top. Takes 83,000 samples whatever the size of the picture. Luma
 * of planar YUV; of RGB it is green, which carries most of the brightness.
 */
export function lumaGrid(image: Image): Float32Array {
  const { width, height, data } = image;
  const [step, offset] = isYuv(image) ? [1, 0] : [3, 1];
  const xs = sampleOffsets(gridColumns * samplesPerSide, width, step);
  const ys = sampleOffsets(gridRows * samplesPerSide, height, width * step);
  const grid = new Float32Array(gridColumns * gridRows);
  for (let y = 0; y < ys.length; y++) {
    const row = (ys[y] as number) + offset;
    let cell = Math.floor(y / samplesPerSide) * gridColumns;
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
