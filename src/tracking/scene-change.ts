import type { RgbImage } from '../core/image.js';

/** Brightness is sampled on a grid of so many points: enough to tell scenes apart, and nothing to compute. */
const columns = 32;
const rows = 18;
/** Of the grids of two pictures one after the other: at a cut below .2, and above .45 however people move. */
const leastCorrelation = 0.3;
/** Standard deviation of a picture with something to see on it, in steps of 256. */
const leastContrast = 3;

/**
 * Notices where a picture has nothing to do with the one before: a cut in a film, a camera that jumps to another
 * preset. Faces after it are not the faces before it, wherever they stand. Light that goes on or off changes nothing:
 * only how the grids correlate counts. The figures are measured on the test clips, frame by frame.
 */
export class SceneChange {
  #before: Float64Array | undefined;

  /** Whether `picture` shows another scene than the last one; false for the first and while there is nothing to see. */
  isCut(picture: RgbImage): boolean {
    const now = standardised(picture);
    const before = this.#before;
    this.#before = now ?? before;
    if (now === undefined || before === undefined) return false;
    const correlation = now.reduce((sum, value, i) => sum + value * (before[i] as number), 0) / now.length;
    return correlation < leastCorrelation;
  }
}

/** The samples with mean 0 and deviation 1; undefined for a picture without contrast. */
function standardised({ width, height, data }: RgbImage): Float64Array | undefined {
  const samples = new Float64Array(columns * rows);
  for (let i = 0; i < samples.length; i++) {
    const x = Math.floor((((i % columns) + 0.5) * width) / columns);
    const y = Math.floor(((Math.floor(i / columns) + 0.5) * height) / rows);
    // Green carries most of the brightness.
    samples[i] = data[(y * width + x) * 3 + 1] as number;
  }
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const deviation = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length);
  return deviation < leastContrast ? undefined : samples.map((value) => (value - mean) / deviation);
}
