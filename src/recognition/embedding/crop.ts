import { chipSides, templates, halve } from './align.js';
import type { FaceCrop, EmbedResult, FaceEmbedder } from '../../core/face-embedder.js';
import type { Landmarks } from '../../core/face.js';
import { clip, scaleAboutCentre, type Box, type Point } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import { rgbRegion } from '../../core/rgb-region.js';
import { landmarkBox } from './landmark-square.js';
import { loadSharp } from './load-sharp.js';
import { applySimilarity, estimateSimilarity, invertSimilarity } from '../../core/similarity.js';
import type { StoredCrop } from '../../core/people-store.js';
import { SightlineError } from '../../core/errors.js';

/** How far beyond each edge of the chip sampling may reach after the landmarks are refined, as a share of its side. */
const margin = 0.09;
/** How many times larger than usual a face's box may be. */
const boxReserve = 1.2;

/**
 * Cuts out the part of a picture that alignment will look at, in RGB, at full resolution and into a buffer of its own. The crop
 * is large enough for every embedder.
 *
 * @param landmarks in pixels of `image`
 * @returns the crop with the landmarks in its pixels, or undefined when the face lies outside the picture or its
 * landmarks coincide
 */
export function cutFace(image: Image, landmarks: Landmarks): FaceCrop | undefined {
  const region = alignedRegion(landmarks);
  const inside = wholePixels(clip(region, image.width, image.height));
  if (!(inside.width > 0 && inside.height > 0)) return undefined;
  return { ...rgbRegion(image, inside), landmarks: shifted(landmarks, inside.x, inside.y) };
}

/** The bounding box of everything that any alignment looks at; empty when the landmarks coincide. */
function alignedRegion(landmarks: Landmarks): Box {
  const extent = boxAbout(landmarks);
  if (!(extent.width + extent.height > 0)) return extent;
  const box = scaleAboutCentre(landmarkBox(landmarks), boxReserve);
  const chips = [chipCorners(landmarks, 'arcface-112'), chipCorners(landmarks, 'dlib-150')];
  return boxAbout([...chips.flat(), ...cornersOf(box)]);
}

/** The corners of a chip with its margin, in pixels of the picture. */
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

/** More than any embedder makes use of. Larger faces are halved until they fit. */
const mostEyeDistancePixels = 100;

/** Shrinks a crop for storage until the eyes are at most 100 pixels apart. */
export function boundCrop(crop: FaceCrop): FaceCrop {
  let bounded = crop;
  while (eyeDistance(bounded) > mostEyeDistancePixels && bounded.width > 1 && bounded.height > 1) {
    const { width, height, data } = halve(bounded);
    bounded = { width, height, data: data as Uint8Array<ArrayBuffer>, landmarks: half(bounded.landmarks) };
  }
  return bounded;
}

/** A copy of a crop, shrunk like `boundCrop`, in a buffer of its own: embedding a crop gives its buffer away. */
export function copyCrop(crop: FaceCrop): FaceCrop {
  const bounded = boundCrop(crop);
  return bounded === crop ? { ...crop, data: crop.data.slice() } : bounded;
}

/** Encodes a crop for storage as PNG. Copies the bytes before it returns, so the caller may hand them to a worker. */
export async function encodeCrop({ width, height, data, landmarks }: FaceCrop): Promise<StoredCrop> {
  const copy = data.slice();
  const sharp = await loadSharp();
  const picture = sharp(copy, { raw: { width, height, channels: 3 } });
  return { png: await picture.png().toBuffer(), landmarks };
}

/** Decodes a stored crop. @throws Error when the bytes are not a picture */
export async function decodeCrop({ png, landmarks }: StoredCrop): Promise<FaceCrop> {
  const sharp = await loadSharp();
  const picture = sharp(png).removeAlpha().toColourspace('srgb').raw();
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  // sharp's buffer may be part of a shared pool, and only a whole buffer can be transferred to a worker.
  return { width: info.width, height: info.height, data: new Uint8Array(data), landmarks };
}

function eyeDistance({ landmarks: [leftEye, rightEye] }: FaceCrop): number {
  return Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
}

function half([leftEye, rightEye, nose, leftMouth, rightMouth]: Landmarks): Landmarks {
  const scale = ({ x, y }: { x: number; y: number }) => ({ x: x / 2, y: y / 2 });
  return [scale(leftEye), scale(rightEye), scale(nose), scale(leftMouth), scale(rightMouth)];
}

export type EmbeddedCrop = EmbedResult & { readonly status: 'embedded' };

/**
 * Embeds a face for a caller who waits for the answer. The crop's buffer now belongs to the embedder.
 * @throws SightlineError EMBEDDER_FAILED; NOT_READY when the embedder was closed, for instance because the embedder changed
 */
export async function embedCrop(embedder: FaceEmbedder, crop: FaceCrop): Promise<EmbeddedCrop> {
  const result = await embedder.embed(crop);
  switch (result.status) {
    case 'embedded':
      return result;
    case 'failed':
      throw new SightlineError(result.error.code, result.error.message);
    case 'dropped':
      throw new SightlineError('NOT_READY', 'The embedder was closed before it could embed the face.');
  }
}
