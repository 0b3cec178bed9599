import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { qualityFloor, qualityScore } from '../../../src/core/face-quality.js';
import type { Detection } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { cutFace } from '../../../src/recognition/embedding/crop.js';
import type { FaceEmbedder } from '../../../src/core/face-embedder.js';
import { centralFace } from '../../../src/recognition/enrolment/main-face.js';
import { sharedData } from '../../helpers/prerequisites.js';
import { readPicture } from './faces.js';

/** Labeled Faces in the Wild, development view. */
const folder = join(sharedData, 'lfw-view1');
/** A folder a person, with their photos. */
export const lfwImages = join(folder, 'images');

export interface Pair {
  readonly same: boolean;
  readonly photos: readonly [string, string];
}

/** The 500 same and 500 different pairs of pairsDevTest.txt; photos as paths in the image folder. */
export function readPairs(): Pair[] {
  const [, ...lines] = readFileSync(join(folder, 'pairsDevTest.txt'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [first, number, ...rest] = line.trim().split('\t') as [string, string, ...string[]];
    const [second, otherNumber] = rest.length === 1 ? [first, rest[0]!] : [rest[0]!, rest[1]!];
    return { same: rest.length === 1, photos: [photo(first, number), photo(second, otherNumber)] };
  });
}

function photo(name: string, number: string): string {
  return `${name}/${name}_${number.padStart(4, '0')}.jpg`;
}

export interface LfwFaces {
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** Photos without a face, or with one below the quality floor. */
  readonly missed: readonly string[];
}

/** Embeds photos as the program would, one face each: large and near the middle, as LFW's labels are meant. */
export async function embedPhotos(
  photos: Iterable<string>,
  detector: FaceDetector,
  embedder: FaceEmbedder,
): Promise<LfwFaces> {
  const vectors = new Map<string, Float32Array>();
  const missed: string[] = [];
  for (const name of new Set(photos)) {
    const image = await readPicture(join(lfwImages, name));
    const vector = await embedFace(image, await detector.detect(image), embedder);
    if (vector) vectors.set(name, vector);
    else missed.push(name);
  }
  return { vectors, missed };
}

async function embedFace(
  image: RgbImage,
  detections: readonly Detection[],
  embedder: FaceEmbedder,
): Promise<Float32Array | undefined> {
  const face = centralFace(detections, image);
  const crop = face && cutFace(image, face.landmarks);
  const result = crop && (await embedder.embed(crop));
  if (result?.status !== 'embedded' || qualityScore(result.quality) < qualityFloor) return undefined;
  return result.embedding.vector;
}
