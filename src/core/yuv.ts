import type { Image, YuvImage } from './image.js';

/** Where the planes of a `YuvImage` lie in its data, in bytes; the U and V planes are of one size. */
export interface YuvLayout {
  readonly chromaWidth: number;
  readonly chromaHeight: number;
  readonly uStart: number;
  readonly vStart: number;
  /** Of all three planes. */
  readonly byteLength: number;
}

/** What turns luma and chroma of limited range into RGB: R = luma · (Y − 16) + redV · (V − 128), and so on. */
export interface RgbCoefficients {
  readonly luma: number;
  readonly redV: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly blueU: number;
}

/** Luma and chroma take 219 and 224 steps in limited range; 16 is black, and 128 is no colour. */
export const lumaSteps = 219;
const chromaSteps = 224;
export const blackLuma = 16;
export const neutralChroma = 128;

/** Shares of red and blue in luma: Recommendations ITU-R BT.601-7, section 2.5.1, and BT.709-6, section 3.2. */
const lumaShares = { bt601: { red: 0.299, blue: 0.114 }, bt709: { red: 0.2126, blue: 0.0722 } };

export function isYuv(image: Image): image is YuvImage {
  return 'matrix' in image;
}

export function yuvLayout({ width, height }: Pick<Image, 'width' | 'height'>): YuvLayout {
  const chromaWidth = (width + 1) >> 1;
  const chromaHeight = (height + 1) >> 1;
  const uStart = width * height;
  const vStart = uStart + chromaWidth * chromaHeight;
  return { chromaWidth, chromaHeight, uStart, vStart, byteLength: vStart + chromaWidth * chromaHeight };
}

/** How many bytes the pixels of a picture take; its `data` may be longer. */
export function pixelBytes(image: Image): number {
  return isYuv(image) ? yuvLayout(image).byteLength : image.width * image.height * 3;
}

/** The inverse of the equations by which the two recommendations define luma and colour differences. */
export function rgbCoefficients(matrix: YuvImage['matrix']): RgbCoefficients {
  const { red, blue } = lumaShares[matrix];
  const green = 1 - red - blue;
  const perChroma = (2 * 255) / chromaSteps;
  return {
    luma: 255 / lumaSteps,
    redV: perChroma * (1 - red),
    greenU: (-perChroma * blue * (1 - blue)) / green,
    greenV: (-perChroma * red * (1 - red)) / green,
    blueU: perChroma * (1 - blue),
  };
}
