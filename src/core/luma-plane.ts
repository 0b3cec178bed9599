import type { RgbImage } from './image.js';

/** Brightness of a picture, 0 to 255, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A part of a picture; the edges at the right and the bottom do not belong to it. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What `lumaAt` is multiplied by to be a whole number, which is faster to compute with. */
export const lumaScale = 1000;

/** Rec. 601 luma of the pixel whose three bytes start at `index`, times `lumaScale`. */
export function lumaAt(data: Uint8Array, index: number): number {
  return (
    299 * (data[index] as number) + 587 * (data[index + 1] as number) + 114 * (data[index + 2] as number)
  );
}

/**
 * Luma of part of a picture.
 * @param into what the plane is written to; it must be as large
 */
export function lumaOf(image: RgbImage, part: Part, into?: Float32Array): Plane {
  const [width, height] = [part.right - part.left, part.bottom - part.top];
  const luma = into ?? new Float32Array(width * height);
  for (let row = 0, target = 0; row < height; row++) {
    let index = 3 * ((part.top + row) * image.width + part.left);
    for (const end = target + width; target < end; target++, index += 3) {
      luma[target] = lumaAt(image.data, index) / lumaScale;
    }
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
