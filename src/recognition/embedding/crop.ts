import { chipSides, templates } from './alignment.js';
import type { FaceCrop } from '../../core/face-embedder.js';
import type { Landmarks } from '../../core/face.js';
import { clip, scaleAboutCentre } from '../../core/geometry.js';
import type { Box, Point } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import { landmarkBox } from './landmark-square.js';
import { applySimilarity, estimateSimilarity, invertSimilarity } from '../../core/similarity.js';

/** How much of a chip's side sampling may touch on each side of it once the landmarks are put right. */
const margin = 0.09;
/** How much larger than most a face's box may be. */
const boxReserve = 1.2;

/**
 * Cuts out of a picture, at full resolution and into a buffer of its own, the part that alignment will look at,
 * whatever the embedder: the same crop serves every one.
 *
 * @param landmarks in pixels of `image`
 * @returns the crop with the landmarks in its pixels, or undefined when the face lies outside the picture or its
 * landmarks coincide
 */
export function cutFace(image: RgbImage, landmarks: Landmarks): FaceCrop | undefined {
  const region = alignedRegion(landmarks);
  const { x, y, width, height } = wholePixels(clip(region, image.width, image.height));
  if (!(width > 0 && height > 0)) return undefined;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * image.width + x) * 3;
    data.set(image.data.subarray(start, start + width * 3), row * width * 3);
  }
  return { width, height, data, landmarks: shifted(landmarks, x, y) };
}

/** The box about all that any alignment looks at; empty when the landmarks do not say where. */
function alignedRegion(landmarks: Landmarks): Box {
  const extent = boxAbout(landmarks);
  if (!(extent.width + extent.height > 0)) return extent;
  const box = scaleAboutCentre(landmarkBox(landmarks), boxReserve);
  const chips = [chipCorners(landmarks, 'arcface-112'), chipCorners(landmarks, 'dlib-150')];
  return boxAbout([...chips.flat(), ...cornersOf(box)]);
}

/** Where the corners of a chip and its margin lie in the picture. */
function chipCorners(landmarks: Landmarks, alignment: keyof typeof templates): Point[] {
  const toPicture = invertSimilarity(estimateSimilarity(landmarks, templates[alignment]));
  const side = chipSides[alignment];
  const chip = { x: 0, y: 0, width: side, height: side };
  const corners = cornersOf(scaleAboutCentre(chip, 1 + 2 * margin));
  return corners.map((corner) => applySimilarity(toPicture, corner));
}

function cornersOf({ x, y, width, height }: Box): Point[] {
  return [
    { x, y },
    { x: x + width, y },
    { x, y: y + height },
    { x: x + width, y: y + height },
  ];
}

function boxAbout(points: readonly Point[]): Box {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Every pixel that a box inside the picture touches. */
function wholePixels({ x, y, width, height }: Box): Box {
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (!(width > 0 && height > 0)) return { x: left, y: top, width: 0, height: 0 };
  return { x: left, y: top, width: Math.ceil(x + width) - left, height: Math.ceil(y + height) - top };
}

function shifted(landmarks: Landmarks, x: number, y: number): Landmarks {
  const shift = (point: Point): Point => ({ x: point.x - x, y: point.y - y });
  const [leftEye, rightEye, nose, leftMouth, rightMouth] = landmarks;
  return [shift(leftEye), shift(rightEye), shift(nose), shift(leftMouth), shift(rightMouth)];
}
