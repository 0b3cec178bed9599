import type { RgbImage } from '../../core/image.js';

/** A picture of one channel; rows from the top, no padding. `data` may be longer than width × height. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Writes the luma of rows `from` to `to` (exclusive) of a picture into `grey`: 0.299 R + 0.587 G + 0.114 B in the
 * fixed-point numbers that OpenCV takes.
 */
export function writeGreyRows(image: RgbImage, from: number, to: number, grey: Uint8Array): void {
  const { width, data } = image;
  const end = to * width;
  for (let target = from * width, source = 3 * target; target < end; target++, source += 3) {
    const luma = 9798 * data[source]! + 19235 * data[source + 1]! + 3735 * data[source + 2]!;
    grey[target] = (luma + (1 << 14)) >> 15;
  }
}
