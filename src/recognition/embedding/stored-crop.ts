import sharp from 'sharp';
import { halve } from './align.js';
import type { FaceCrop } from '../../core/face-embedder.js';
import type { Landmarks } from '../../core/face.js';
import type { StoredCrop } from '../../core/people-store.js';

/** More than any embedder makes use of; a face that is larger is halved until it is not. */
const mostEyeDistancePixels = 100;

/** A crop small enough to be kept: the eyes at most 100 pixels apart. */
export function boundCrop(crop: FaceCrop): FaceCrop {
  let bounded = crop;
  while (eyeDistance(bounded) > mostEyeDistancePixels && bounded.width > 1 && bounded.height > 1) {
    const { width, height, data } = halve(bounded);
    bounded = { width, height, data: data as Uint8Array<ArrayBuffer>, landmarks: half(bounded.landmarks) };
  }
  return bounded;
}

/** A bounded copy of a crop, in a buffer of its own: a worker takes the crop itself over whole. */
export function copyCrop(crop: FaceCrop): FaceCrop {
  const bounded = boundCrop(crop);
  return bounded === crop ? { ...crop, data: crop.data.slice() } : bounded;
}

/** The crop as it is kept, without loss. Reads its bytes at once: they may be handed to a worker right after. */
export async function encodeCrop({ width, height, data, landmarks }: FaceCrop): Promise<StoredCrop> {
  const picture = sharp(data.slice(), { raw: { width, height, channels: 3 } });
  return { png: await picture.png().toBuffer(), landmarks };
}

/** The crop as it was when it was kept. @throws Error for bytes that are no picture */
export async function decodeCrop({ png, landmarks }: StoredCrop): Promise<FaceCrop> {
  const picture = sharp(png).removeAlpha().toColourspace('srgb').raw();
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  // Into a buffer of its own, as a worker takes it over whole.
  return { width: info.width, height: info.height, data: new Uint8Array(data), landmarks };
}

function eyeDistance({ landmarks: [leftEye, rightEye] }: FaceCrop): number {
  return Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
}

function half([leftEye, rightEye, nose, leftMouth, rightMouth]: Landmarks): Landmarks {
  const scale = ({ x, y }: { x: number; y: number }) => ({ x: x / 2, y: y / 2 });
  return [scale(leftEye), scale(rightEye), scale(nose), scale(leftMouth), scale(rightMouth)];
}
