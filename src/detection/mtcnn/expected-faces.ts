import { iou, type Box } from '../../core/geometry.js';
import type { ScoredCorners } from '../../core/nms.js';
import { square, toCorners } from './candidates.js';
import type { FoundFace } from './cascade.js';

/** A detection with more overlap with an expected box is that face. */
export const sameFaceOverlap = 0.3;
/** How far around its expected place R-Net searches for a face, as a share of its box's side. */
const searchShift = 0.15;

export function isAmong(faces: readonly FoundFace[], expected: Box): boolean {
  return faces.some(({ face }) => iou(face.box, expected) > sameFaceOverlap);
}

/** The square of a box, and the same square shifted to each side. */
export function squaresAround(box: Box): ScoredCorners[] {
  const shift = searchShift * Math.max(box.width, box.height);
  return [
    [0, 0],
    [-shift, 0],
    [shift, 0],
    [0, -shift],
    [0, shift],
  ].map(([x = 0, y = 0]) => square(toCorners({ ...box, x: box.x + x, y: box.y + y })));
}
