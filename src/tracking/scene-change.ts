import type { Image } from '../core/image.js';
import { isYuv, lumaSteps } from '../core/yuv.js';

/** Brightness is sampled on a grid of this size, which is enough to tell scenes apart and takes almost no time. */
const columns = 32;
const rows = 18;
/**
 * Least correlation of two consecutive grids of one scene. It is below 0.2 at a cut, and above 0.45 however people
 * move.
 */
const leastCorrelation = 0.3;
/** Least standard deviation of a picture that shows anything, in grey levels of 0 to 255. */
const leastContrast = 3;

/**
 * Detects that a picture shows another scene than the one before, such as after a cut in a film or when a camera moves
 * to another preset. Faces after the change are not the faces before it, even at the same place. Switching a light on
 * or off is not a change, because only the correlation of the grids counts. The limits were measured on the test clips.
 */
export class SceneChange {
  #before: Float64Array | undefined;

  /**
   * Whether `picture` shows another scene than the last one; false for the first, and for pictures without contrast.
   */
  isCut(picture: Image): boolean {
    const now = standardised(picture);
    const before = this.#before;
    this.#before = now ?? before;
    if (now === undefined || before === undefined) return false;
    const correlation = now.reduce((sum, value, i) => sum + value * (before[i] as number), 0) / now.length;
    return correlation < leastCorrelation;
  }
}

/** The samples scaled to mean 0 and standard deviation 1; undefined for a picture without contrast. */
function standardised(picture: Image): Float64Array | undefined {
  const { width, height, data } = picture;
  // Green carries most of the brightness of RGB. Luma of limited range is stretched to the same grey levels.
  const [pixelBytes, first, stretch] = isYuv(picture) ? [1, 0, 255 / lumaSteps] : [3, 1, 1];
  const samples = new Float64Array(columns * rows);
  for (let i = 0; i < samples.length; i++) {
    const x = Math.floor((((i % columns) + 0.5) * width) / columns);
    const y = Math.floor(((Math.floor(i / columns) + 0.5) * height) / rows);
    samples[i] = stretch * (data[(y * width + x) * pixelBytes + first] as number);
  }
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const deviation = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length);
  return deviation < leastContrast ? undefined : samples.map((value) => (value - mean) / deviation);
}
