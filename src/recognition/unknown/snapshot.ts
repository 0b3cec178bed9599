import type { FaceCrop } from '../../core/face-embedder.js';
import type { Landmarks } from '../../core/face.js';
import type { StoredCrop } from '../../core/people-store.js';
import type { Snapshot } from '../../core/track-store.js';
import { loadSharp } from '../embedding/load-sharp.js';

/** In pixels. */
const longestSide = 320;
const jpegQuality = 85;

/**
 * Makes the snapshot of a track from a crop: a JPEG of at most 320 pixels a side, with the landmarks in its pixels. Copies
 * the crop's bytes before it returns.
 */
export async function makeSnapshot(crop: FaceCrop, quality: number): Promise<Snapshot> {
  const { width, height, data, landmarks } = crop;
  const copy = data.slice();
  const sharp = await loadSharp();
  const { data: jpeg, info } = await sharp(copy, { raw: { width, height, channels: 3 } })
    .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: jpegQuality })
    .toBuffer({ resolveWithObject: true });
  return { jpeg, landmarks: scaled(landmarks, info.width / width, info.height / height), quality };
}

/** Converts a stored crop to a JPEG for people to look at. */
export async function cropJpeg({ png }: StoredCrop): Promise<Buffer> {
  const sharp = await loadSharp();
  return sharp(png).jpeg({ quality: jpegQuality }).toBuffer();
}

function scaled(
  [leftEye, rightEye, nose, leftMouth, rightMouth]: Landmarks,
  x: number,
  y: number,
): Landmarks {
  const scale = (point: { x: number; y: number }) => ({ x: point.x * x, y: point.y * y });
  return [scale(leftEye), scale(rightEye), scale(nose), scale(leftMouth), scale(rightMouth)];
}
