import { meanBrightness } from '../core/brightness.js';
import type { Image } from '../core/image.js';

/** Cells of the grid: at 1920×1080, 20×20 pixels each. A person 60 pixels high covers three of them. */
export const gridColumns = 96;
export const gridRows = 54;

/** The brightness of a frame in which movements and cuts are looked for; see `meanBrightness`. */
export function lumaGrid(image: Image): Float32Array {
  return meanBrightness(image, gridColumns, gridRows);
}
