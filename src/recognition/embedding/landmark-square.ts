import type { Landmarks } from '../../core/face.js';
import type { Box, Point } from '../../core/geometry.js';
import { arcFaceTemplate } from '../../core/similarity.js';

/**
 * The square around a face in which MTCNN's O-Net finds landmarks best. Its unit is the distance from eyes to mouth: the
 * side of the square, and how far its centre lies below the eyes. Measured on LFW's development view
 * (docs/recognition.md).
 */
const sideInFaceHeights = 2.4;
const centreBelowEyes = 0.2;

/** The square that O-Net should look at; its size is 0 when eyes and mouth coincide. */
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
 * The box that MTCNN typically gives for a face: its width, its height and how far its centre lies below the eyes, in
 * distances from eyes to mouth. Medians over LFW's development view.
 */
const boxWidthInFaceHeights = 2.02;
const boxHeightInFaceHeights = 2.69;
const boxCentreBelowEyes = 0.31;

/** The box that MTCNN would typically give; its size is 0 when eyes and mouth coincide. */
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

/** Where the landmarks of a face are when `box` is the one that MTCNN would typically give for it. */
export function landmarksIn(box: Box): Landmarks {
  const typical = landmarkBox(arcFaceTemplate);
  const at = ({ x, y }: Point): Point => ({
    x: box.x + ((x - typical.x) / typical.width) * box.width,
    y: box.y + ((y - typical.y) / typical.height) * box.height,
  });
  const [leftEye, rightEye, nose, leftMouth, rightMouth] = arcFaceTemplate;
  return [at(leftEye), at(rightEye), at(nose), at(leftMouth), at(rightMouth)];
}

/** Reads O-Net's box: the offsets of its edges x1, y1, x2, y2 from those of the square, as fractions of its side. */
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

/** Reads O-Net's landmarks: ten numbers, x0…x4 then y0…y4, as fractions of the box. */
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
