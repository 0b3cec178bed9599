import { halve } from '../core/align.js';
import type { EmbedTask } from '../core/embed-protocol.js';
import type { Landmarks } from '../core/face.js';
import type { Point } from '../core/geometry.js';

/** Alignment samples 112×112 pixels; a crop of at least half this side still has more. At most 192 KiB. */
const mostSidePixels = 256;

/** A copy of a face's crop to keep, in a buffer of its own: halved until neither side is over 256 pixels. */
export function copyCrop({ landmarks, ...picture }: EmbedTask): EmbedTask {
  if (Math.max(picture.width, picture.height) <= mostSidePixels) {
    return { ...picture, data: picture.data.slice(), landmarks };
  }
  let small = halve(picture);
  let scale = 0.5;
  for (; Math.max(small.width, small.height) > mostSidePixels; scale /= 2) small = halve(small);
  return { ...small, data: small.data as Uint8Array<ArrayBuffer>, landmarks: scaled(landmarks, scale) };
}

function scaled(landmarks: Landmarks, scale: number): Landmarks {
  const shrink = ({ x, y }: Point): Point => ({ x: x * scale, y: y * scale });
  const [leftEye, rightEye, nose, leftMouth, rightMouth] = landmarks;
  return [shrink(leftEye), shrink(rightEye), shrink(nose), shrink(leftMouth), shrink(rightMouth)];
}
