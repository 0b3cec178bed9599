import type { Alignment } from '../../core/face-embedder.js';
import type { Landmarks } from '../../core/face.js';
import type { RgbImage } from '../../core/image.js';
import {
  applySimilarity,
  arcFaceTemplate,
  chipSize,
  estimateSimilarity,
  invertSimilarity,
  type Similarity,
} from '../../core/similarity.js';
import type { Box } from '../../core/geometry.js';

/** Side in pixels of the square chip that each template was made for. */
export const chipSides: Readonly<Record<Alignment, number>> = {
  'arcface-112': chipSize,
  'dlib-150': 150,
  'box-160': 160,
};

/** The place of a face in a picture, in pixels of that picture. */
export interface PlacedFace {
  readonly landmarks: Landmarks;
  /** Drawn the way MTCNN draws boxes. */
  readonly box: Box;
}

/**
 * The positions of the five landmarks in dlib's chip, with pixel centres at .5. They come from dlib's mean face of 68
 * points, where each eye is the mean of six points, centred in 150 pixels with a padding of a quarter of the face's size
 * and then enlarged by 1.08, which suits O-Net's landmarks best (docs/recognition.md).
 * Source: get_face_chip_details in dlib's image_transforms/interpolation.h (King).
 */
const dlibTemplate: Landmarks = [
  { x: 45.89, y: 44.87 },
  { x: 103.06, y: 44.87 },
  { x: 74.47, y: 77.22 },
  { x: 48.99, y: 105.8 },
  { x: 99.96, y: 105.8 },
];

/** The landmark templates, for the alignments that use one. */
export const templates = { 'arcface-112': arcFaceTemplate, 'dlib-150': dlibTemplate } as const;

/**
 * Below this many chip pixels per crop pixel, the crop is halved before it is sampled. Bilinear sampling only looks at
 * neighbouring pixels, so it would skip some.
 */
const leastSampledScale = 0.5;

/**
 * Aligns a face for an embedder: a square RGB chip.
 *
 * @param crop part of a picture, at full resolution, that shows the face
 * @param face in pixels of `crop`
 * @param side of the chip in pixels; the template is scaled to it
 * @throws RangeError when the landmarks all coincide, or the box lies outside the crop
 */
export function alignTo(
  alignment: Alignment,
  crop: RgbImage,
  face: PlacedFace,
  side = chipSides[alignment],
): RgbImage {
  if (alignment === 'box-160') return resizeBox(crop, face.box, side);
  const scale = side / chipSides[alignment];
  const template = templates[alignment].map(({ x, y }) => ({ x: x * scale, y: y * scale }));
  return warp(crop, estimateSimilarity(face.landmarks, template), side);
}

/**
 * Aligns a face to ArcFace's template: a chip of 112×112 RGB pixels, with the five landmarks moved onto the template by
 * a similarity. Outside the crop the nearest pixel of its edge is repeated.
 *
 * @param crop part of a picture, at full resolution, that shows the face
 * @param landmarks in pixels of `crop`
 * @throws RangeError when the landmarks all coincide
 */
export function alignFace(crop: RgbImage, landmarks: Landmarks): RgbImage {
  return warp(crop, estimateSimilarity(landmarks, arcFaceTemplate), chipSize);
}

/** Warps a picture into a square of `side` pixels by a similarity, with anti-aliasing. Pixels outside repeat the edge. */
export function warp(picture: RgbImage, toSquare: Similarity, side: number): RgbImage {
  let source = picture;
  let toChip = toSquare;
  while (Math.hypot(toChip.a, toChip.b) < leastSampledScale && source.width > 1 && source.height > 1) {
    source = halve(source);
    toChip = { ...toChip, a: toChip.a * 2, b: toChip.b * 2 };
  }
  return { width: side, height: side, data: sample(source, invertSimilarity(toChip), side) };
}

/** Halves a picture's width and height: each pixel is the mean of four. An odd last row or column is dropped. */
export function halve({ width, height, data }: RgbImage): RgbImage {
  const halfWidth = width >> 1;
  const halfHeight = height >> 1;
  const half = new Uint8Array(halfWidth * halfHeight * 3);
  const row = width * 3;
  let target = 0;
  for (let y = 0; y < halfHeight; y++) {
    let above = y * 2 * row;
    for (let x = 0; x < halfWidth; x++, above += 6) {
      for (let channel = above; channel < above + 3; channel++) {
        const below = channel + row;
        const sum =
          (data[channel] as number) +
          (data[channel + 3] as number) +
          (data[below] as number) +
          (data[below + 3] as number);
        half[target++] = (sum + 2) >> 2;
      }
    }
  }
  return { width: halfWidth, height: halfHeight, data: half };
}

/** Samples `source` bilinearly at the chip's pixel centres; `toSource` maps chip coordinates to source coordinates. */
function sample({ width, height, data }: RgbImage, toSource: Similarity, side: number): Uint8Array {
  const chip = new Uint8Array(side * side * 3);
  let target = 0;
  for (let chipY = 0; chipY < side; chipY++) {
    const start = applySimilarity(toSource, { x: 0.5, y: chipY + 0.5 });
    for (let chipX = 0; chipX < side; chipX++) {
      const x = Math.min(Math.max(start.x + toSource.a * chipX - 0.5, 0), width - 1);
      const y = Math.min(Math.max(start.y + toSource.b * chipX - 0.5, 0), height - 1);
      const left = Math.floor(x);
      const top = Math.floor(y);
      const towardsRight = x - left;
      const towardsBottom = y - top;
      const right = left + 1 < width ? 3 : 0;
      const down = top + 1 < height ? width * 3 : 0;
      let pixel = (top * width + left) * 3;
      for (let channel = 0; channel < 3; channel++, pixel++) {
        const upper = mix(data[pixel] as number, data[pixel + right] as number, towardsRight);
        const lower = mix(data[pixel + down] as number, data[pixel + down + right] as number, towardsRight);
        chip[target++] = Math.round(mix(upper, lower, towardsBottom));
      }
    }
  }
  return chip;
}

function mix(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

/** The source pixels that make up one pixel of the result: `weights.length` of them, starting at `first`. */
interface Window {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Resizes part of a picture to a square of `side` pixels, whatever its shape. The box is clipped to the picture and its
 * edges are truncated to whole pixels.
 *
 * This reproduces how facenet-pytorch crops faces with the Python Imaging Library's BILINEAR filter: a triangle filter
 * that widens when shrinking and sees nothing outside the box.
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

/** The windows of a triangle filter that resizes `from` pixels to `to`. */
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

/** Resizes each row of the box to `columns.length` pixels, rounded to whole values like the original. */
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

/** Resizes rows of `side` pixels to as many rows as there are windows. */
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
