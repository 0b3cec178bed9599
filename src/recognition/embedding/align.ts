import { chipSides, templates, type Alignment, type PlacedFace } from './alignment.js';
import type { Landmarks } from '../../core/face.js';
import type { RgbImage } from '../../core/image.js';
import { resizeBox } from './resize-box.js';
import {
  applySimilarity,
  arcFaceTemplate,
  chipSize,
  estimateSimilarity,
  invertSimilarity,
} from '../../core/similarity.js';
import type { Similarity } from '../../core/similarity.js';

/**
 * Below this many chip pixels per crop pixel the crop is halved before it is sampled: bilinear sampling looks at two
 * neighbours only, and would skip pixels.
 */
const leastSampledScale = 0.5;

/**
 * The face as an embedder wants it: a square RGB picture of `chipSides[alignment]` pixels.
 *
 * @param crop part of a picture, at full resolution, that shows the face
 * @param face in pixels of `crop`
 * @throws RangeError when the landmarks all coincide, or the box lies outside the crop
 */
export function alignTo(alignment: Alignment, crop: RgbImage, face: PlacedFace): RgbImage {
  const side = chipSides[alignment];
  if (alignment === 'box-160') return resizeBox(crop, face.box, side);
  return warp(crop, estimateSimilarity(face.landmarks, templates[alignment]), side);
}

/**
 * The face as ArcFace-style embedders want it: 112×112 RGB with the five landmarks moved onto the ArcFace template by a
 * similarity. Beyond the crop's edge the nearest pixel is repeated.
 *
 * @param crop part of a picture, at full resolution, that shows the face
 * @param landmarks in pixels of `crop`
 * @throws RangeError when the landmarks all coincide
 */
export function alignFace(crop: RgbImage, landmarks: Landmarks): RgbImage {
  return warp(crop, estimateSimilarity(landmarks, arcFaceTemplate), chipSize);
}

/** The square of `side` pixels that a similarity takes a picture to, anti-aliased; see `alignFace`. */
export function warp(picture: RgbImage, toSquare: Similarity, side: number): RgbImage {
  let source = picture;
  let toChip = toSquare;
  while (Math.hypot(toChip.a, toChip.b) < leastSampledScale && source.width > 1 && source.height > 1) {
    source = halve(source);
    toChip = { ...toChip, a: toChip.a * 2, b: toChip.b * 2 };
  }
  return { width: side, height: side, data: sample(source, invertSimilarity(toChip), side) };
}

/** A picture of half the size; each pixel is the mean of four. An odd last row or column is left out. */
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

/** Samples `source` bilinearly at the chip's pixel centres, which `toSource` takes to where they lie in it. */
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
