import sharp, { type Sharp } from 'sharp';
import type { Image, RgbImage } from '../core/image.js';
import { rgbRegion } from '../core/rgb-region.js';
import { shrinkYuv } from '../core/shrink-yuv.js';
import { isYuv } from '../core/yuv.js';

/**
 * Encodes a picture as baseline JPEG with 4:2:0 chroma. Its pixels are read in another thread and must not change until
 * the promise settles.
 *
 * @param options.quality 1 to 100
 */
export function encodeJpeg(image: RgbImage, options: { quality: number }): Promise<Buffer> {
  // Optimised Huffman tables would save 5 % of the bytes for more than twice the time.
  return read(image)
    .jpeg({ quality: options.quality, chromaSubsampling: '4:2:0', optimiseCoding: false })
    .toBuffer();
}

/**
 * Scales a picture down to a width, keeps its aspect ratio and gives it in RGB. The result has its own memory; it has the
 * picture's size if that is not wider than `width`. The pixels must not change until the promise settles.
 *
 * @param width in pixels, at least 1
 */
export async function resizeToRgb(image: Image, width: number): Promise<RgbImage> {
  if (width >= image.width) return wholeInRgb(image);
  const height = Math.max(1, Math.round((image.height * width) / image.width));
  if (isYuv(image)) return wholeInRgb(shrinkYuv(image, { width, height }));
  const data = await read(image).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  return { width, height, data };
}

/**
 * A copy of a picture in RGB.
 * @param into where its pixels go; it must have exactly their size. Left out for new memory
 */
export function wholeInRgb(image: Image, into?: Uint8Array<ArrayBuffer>): RgbImage {
  return rgbRegion(image, { x: 0, y: 0, width: image.width, height: image.height }, into);
}

function read(image: RgbImage): Sharp {
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
}
