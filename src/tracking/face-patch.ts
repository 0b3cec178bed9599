import type { Landmarks } from '../core/face.js';
import type { Image } from '../core/image.js';
import {
  applySimilarity,
  arcFaceTemplate,
  estimateSimilarity,
  invertSimilarity,
} from '../core/similarity.js';

/** Samples along each side of a patch, each the mean of four pixels: enough to tell faces apart, and almost free. */
const side = 12;
/** The part of ArcFace's 112×112 template that a patch covers: from the forehead to the chin. */
const region = { x: 8, y: 16, size: 96 };
/** Where the four pixels of a sample lie in it. */
const offsets = [0.25, 0.75] as const;

/** The brightness of a face in a coarse grid that is aligned to its landmarks, scaled to mean 0 and deviation 1. */
export type FacePatch = Float32Array;

/** @returns undefined for a face without contrast and for landmarks that coincide */
export function facePatch(picture: Image, landmarks: Landmarks): FacePatch | undefined {
  const [first] = landmarks;
  if (landmarks.every(({ x, y }) => x === first.x && y === first.y)) return undefined;
  const toPicture = invertSimilarity(estimateSimilarity(landmarks, arcFaceTemplate));
  const patch = new Float32Array(side * side);
  const step = region.size / side;
  for (let index = 0; index < patch.length; index++) {
    const [column, row] = [index % side, Math.floor(index / side)];
    for (const right of offsets) {
      for (const down of offsets) {
        const at = { x: region.x + (column + right) * step, y: region.y + (row + down) * step };
        const { x, y } = applySimilarity(toPicture, at);
        patch[index] = (patch[index] as number) + brightness(picture, x, y) / 4;
      }
    }
  }
  return standardised(patch);
}

/** How alike two patches are: their correlation, −1 to 1. */
export function likeness(one: FacePatch, other: FacePatch): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] as number), 0) / one.length;
}

/** Beyond the picture its edge repeats. */
function brightness(picture: Image, x: number, y: number): number {
  const column = Math.min(picture.width - 1, Math.max(0, Math.floor(x)));
  const row = Math.min(picture.height - 1, Math.max(0, Math.floor(y)));
  const pixel = row * picture.width + column;
  // Green carries most of the brightness.
  return picture.data['matrix' in picture ? pixel : pixel * 3 + 1] as number;
}

function standardised(patch: Float32Array): FacePatch | undefined {
  const mean = patch.reduce((sum, value) => sum + value, 0) / patch.length;
  const deviation = Math.sqrt(patch.reduce((sum, value) => sum + (value - mean) ** 2, 0) / patch.length);
  return deviation < 1 ? undefined : patch.map((value) => (value - mean) / deviation);
}
