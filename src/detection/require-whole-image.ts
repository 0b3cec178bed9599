import { SightlineError } from '../core/errors.js';
import type { RgbImage } from '../core/image.js';

/** @throws SightlineError DETECTOR_FAILED when a picture has fewer bytes than its size asks for, or no size. */
export function requireWholeImage({ width, height, data }: RgbImage): void {
  if (width > 0 && height > 0 && data.length >= width * height * 3) return;
  throw new SightlineError(
    'DETECTOR_FAILED',
    `Expected ${width}×${height}×3 bytes of RGB for a picture, but received ${data.length}.`,
  );
}
