import type { Detection, Landmarks } from './face.js';
import type { Box, Point } from './geometry.js';

/** The same box in a picture that is `scale.x` times as wide and `scale.y` times as high. */
export function scaleBox({ x, y, width, height }: Box, scale: Point): Box {
  return { x: x * scale.x, y: y * scale.y, width: width * scale.x, height: height * scale.y };
}

/** The same face in a picture that is `scale.x` times as wide and `scale.y` times as high. */
export function scaleDetection({ box, score, landmarks }: Detection, scale: Point): Detection {
  const points = landmarks.map(({ x, y }) => ({ x: x * scale.x, y: y * scale.y }));
  return { box: scaleBox(box, scale), score, landmarks: points as unknown as Landmarks };
}
