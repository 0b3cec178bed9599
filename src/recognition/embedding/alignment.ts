import type { Landmarks } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';
import { arcFaceTemplate, chipSize } from '../../core/similarity.js';

/**
 * How a face lies in the square picture that an embedder takes: moved onto a template by its landmarks, or cut out by
 * its box.
 */
export type Alignment = 'arcface-112' | 'dlib-150' | 'box-160';

/** Side of that picture in pixels. */
export const chipSides: Readonly<Record<Alignment, number>> = {
  'arcface-112': chipSize,
  'dlib-150': 150,
  'box-160': 160,
};

/** Where a face lies in a picture, in its pixels. */
export interface PlacedFace {
  readonly landmarks: Landmarks;
  /** As MTCNN gives it. */
  readonly box: Box;
}

/**
 * Where the five landmarks lie in dlib's chip, with pixel centres at .5: the mean face of its 68 points, of which the
 * eyes are the means of six each, in the middle of 150 pixels with a quarter of the face's size around it; then 1.08
 * times as large, which suits O-Net's landmarks best (docs/recognition.md).
 * Source: get_face_chip_details in dlib's image_transforms/interpolation.h (King).
 */
const dlibTemplate: Landmarks = [
  { x: 45.89, y: 44.87 },
  { x: 103.06, y: 44.87 },
  { x: 74.47, y: 77.22 },
  { x: 48.99, y: 105.8 },
  { x: 99.96, y: 105.8 },
];

/** The alignments that move landmarks onto a template. */
export const templates = { 'arcface-112': arcFaceTemplate, 'dlib-150': dlibTemplate } as const;
