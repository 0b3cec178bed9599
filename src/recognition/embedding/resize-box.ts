import type { Box } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';

/** The pixels that one pixel of the result is made of: `weights.length` of them from `first` on. */
interface Window {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Part of a picture resized to a square of `side` pixels, whatever its shape. A box that reaches past the picture is
 * cut off there; its edges are cut to whole pixels.
 *
 * As facenet-pytorch crops faces, with the Python Imaging Library's BILINEAR: a triangle filter, as wide as a pixel
 * of the result where that is larger, that sees nothing outside the box.
 *
 * @throws RangeError when less than a pixel of the box lies inside the picture
 */
export function resizeBox(picture: RgbImage, box: Box, side: number): RgbImage {
  const left = Math.max(0, Math.trunc(box.x));
  const top = Math.max(0, Math.trunc(box.y));
  const width = Math.min(picture.width, Math.trunc(box.x + box.width)) - left;
  const height = Math.min(picture.height, Math.trunc(box.y + box.height)) - top;
  if (!(width > 0 && height > 0))
    throw new RangeError('Expected a box inside the picture but it lies outside');
  const rows = resizeRows(picture, { left, top, height }, windows(width, side));
  return { width: side, height: side, data: resizeColumns(rows, windows(height, side), side) };
}

/** Windows of a triangle filter that makes `to` pixels of `from`. */
function windows(from: number, to: number): Window[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = Float32Array.from({ length: end - first }, (_, offset) =>
      Math.max(0, 1 - Math.abs(first + offset + 0.5 - centre) / support),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Each row of the box to one of `columns.length` pixels; rounded to whole values, as the original does. */
function resizeRows(
  { width, data }: RgbImage,
  box: { left: number; top: number; height: number },
  columns: readonly Window[],
): Uint8Array {
  const resized = new Uint8Array(box.height * columns.length * 3);
  let target = 0;
  for (let y = 0; y < box.height; y++) {
    const row = ((box.top + y) * width + box.left) * 3;
    for (const { first, weights } of columns) {
      for (let channel = 0; channel < 3; channel++) {
        resized[target++] = weighted(data, row + first * 3 + channel, 3, weights);
      }
    }
  }
  return resized;
}

/** Rows of `side` pixels to as many rows as there are windows. */
function resizeColumns(data: Uint8Array, rows: readonly Window[], side: number): Uint8Array {
  const resized = new Uint8Array(rows.length * side * 3);
  let target = 0;
  for (const { first, weights } of rows) {
    for (let column = 0; column < side * 3; column++) {
      resized[target++] = weighted(data, first * side * 3 + column, side * 3, weights);
    }
  }
  return resized;
}

function weighted(data: Uint8Array, start: number, step: number, weights: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    sum += (data[start + index * step] as number) * (weights[index] as number);
  }
  return Math.round(sum);
}
