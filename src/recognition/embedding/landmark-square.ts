import type { Landmarks } from '../../core/face.js';
import type { Box, Point } from '../../core/geometry.js';

/**
 * The square about a face in which MTCNN's O-Net finds landmarks best, from landmarks that may be coarse: its side in
 * distances of eyes and mouth, and how far down from the eyes to the mouth its centre lies. Measured on LFW's
 * development view; docs/recognition.md.
 */
const sideInFaceHeights = 2.4;
const centreBelowEyes = 0.2;

/** @returns a box without size when eyes and mouth coincide */
export function landmarkSquare([leftEye, rightEye, , leftMouth, rightMouth]: Landmarks): Box {
  const eyes = middle(leftEye, rightEye);
  const mouth = middle(leftMouth, rightMouth);
  const side = sideInFaceHeights * Math.hypot(mouth.x - eyes.x, mouth.y - eyes.y);
  return {
    x: eyes.x + centreBelowEyes * (mouth.x - eyes.x) - side / 2,
    y: eyes.y + centreBelowEyes * (mouth.y - eyes.y) - side / 2,
    width: side,
    height: side,
  };
}

/**
 * The box that MTCNN mostly gives for a face with these landmarks: width, height and how far down from the eyes to
 * the mouth its centre lies, in distances of eyes and mouth. Medians of LFW's development view.
 */
const boxWidthInFaceHeights = 2.02;
const boxHeightInFaceHeights = 2.69;
const boxCentreBelowEyes = 0.31;

/** @returns a box without size when eyes and mouth coincide */
export function landmarkBox([leftEye, rightEye, , leftMouth, rightMouth]: Landmarks): Box {
  const eyes = middle(leftEye, rightEye);
  const mouth = middle(leftMouth, rightMouth);
  const faceHeight = Math.hypot(mouth.x - eyes.x, mouth.y - eyes.y);
  const width = boxWidthInFaceHeights * faceHeight;
  const height = boxHeightInFaceHeights * faceHeight;
  return {
    x: eyes.x + boxCentreBelowEyes * (mouth.x - eyes.x) - width / 2,
    y: eyes.y + boxCentreBelowEyes * (mouth.y - eyes.y) - height / 2,
    width,
    height,
  };
}

/** O-Net's four numbers, by how much the edges x1, y1, x2, y2 of a face lie off those of a square, in its sides. */
export function boxFromOffsets(offsets: Float32Array, square: Box): Box {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = offsets;
  const side = square.width;
  return {
    x: square.x + x1 * side,
    y: square.y + y1 * side,
    width: side * (1 + x2 - x1),
    height: side * (1 + y2 - y1),
  };
}

/** O-Net's ten numbers, x0…x4 then y0…y4 as fractions of a box, as landmarks. */
export function landmarksFromFractions(fractions: Float32Array, box: Box): Landmarks {
  const at = (i: number): Point => ({
    x: box.x + box.width * (fractions[i] as number),
    y: box.y + box.height * (fractions[i + 5] as number),
  });
  return [at(0), at(1), at(2), at(3), at(4)];
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
