import type { YuvImage } from './image.js';
import { yuvLayout } from './yuv.js';

/** Degrees clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** A copy of a YUV picture, turned clockwise. */
export function turnYuv(image: YuvImage, rotation: Rotation): YuvImage {
  const from = yuvLayout(image);
  const [width, height] = rotation % 180 === 0 ? [image.width, image.height] : [image.height, image.width];
  const to = yuvLayout({ width, height });
  const data = new Uint8Array(to.byteLength);
  turnPlane(image.data, image.width, image.height, data, rotation);
  for (const [start, end] of [
    [from.uStart, to.uStart],
    [from.vStart, to.vStart],
  ] as const) {
    turnPlane(image.data.subarray(start), from.chromaWidth, from.chromaHeight, data.subarray(end), rotation);
  }
  return { width, height, data, matrix: image.matrix };
}

function turnPlane(
  from: Uint8Array,
  width: number,
  height: number,
  to: Uint8Array,
  rotation: Rotation,
): void {
  // Where the first sample of the plane goes, and how far apart neighbours of its row and its column are afterwards.
  const [first, right, down] = {
    0: [0, 1, width],
    90: [height - 1, height, -1],
    180: [width * height - 1, -1, -width],
    270: [(width - 1) * height, -height, 1],
  }[rotation] as [number, number, number];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0, target = first + y * down; x < width; x++, target += right) to[target] = from[at++] ?? 0;
  }
}
