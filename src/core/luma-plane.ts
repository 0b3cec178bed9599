import type { RgbImage } from './image.js';

/** Brightness of a picture, 0 to 255, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Rec. 601 luma. */
export function lumaOf({ width, height, data }: RgbImage): Plane {
  const luma = new Float32Array(width * height);
  for (let pixel = 0, index = 0; pixel < luma.length; pixel++, index += 3) {
    luma[pixel] =
      0.299 * (data[index] as number) +
      0.587 * (data[index + 1] as number) +
      0.114 * (data[index + 2] as number);
  }
  return { width, height, data: luma };
}

/** Halves width and height: each pixel is the mean of four. An odd last row or column is dropped. */
export function halvePlane({ width, height, data }: Plane): Plane {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const half = new Float32Array(halfWidth * halfHeight);
  for (let y = 0, target = 0; y < halfHeight; y++) {
    for (let x = 0, index = 2 * y * width; x < halfWidth; x++, index += 2) {
      const above = (data[index] as number) + (data[index + 1] as number);
      const below = (data[index + width] as number) + (data[index + width + 1] as number);
      half[target++] = (above + below) / 4;
    }
  }
  return { width: halfWidth, height: halfHeight, data: half };
}
