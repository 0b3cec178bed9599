import sharp from 'sharp';
import type { FaceCrop } from '../../../src/core/face-embedder.js';
import type { Landmarks } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector, type DetectorChoice } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { cutFace } from '../../../src/recognition/embedding/crop.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { PooledEmbedder } from '../../../src/recognition/embedding/pooled-embedder.js';
import type { PooledEmbedderOptions } from '../../../src/recognition/embedding/pooled-embedder.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
export const spec = findEmbedder('mobilefacenet');

export async function startEmbedder(options: Partial<PooledEmbedderOptions> = {}): Promise<PooledEmbedder> {
  const { networks } = options.spec ?? spec;
  return new PooledEmbedder({
    networkPaths: options.networkPaths ?? (await Promise.all(networks.map(({ id }) => networkPath(id)))),
    refinerPath: await models.ensure('mtcnn-onet'),
    projection: null,
    spec,
    workers: 1,
    queueLimit: 16,
    executionProvider: 'cpu',
    threadsPerWorker: 1,
    ...options,
  });
}

export function networkPath(id: string): Promise<string> {
  return models.ensure(id);
}

export async function readPicture(path: string): Promise<RgbImage> {
  const { data, info } = await sharp(path)
    .rotate()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** A made-up picture of noise; the same seed gives the same one. */
export function noise(seed: number, width = 200, height = 200): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let state = seed * 2_654_435_761;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    data[index] = state >>> 24;
  }
  return { width, height, data };
}

const landmarks: Landmarks = [
  { x: 70, y: 80 },
  { x: 130, y: 80 },
  { x: 100, y: 115 },
  { x: 75, y: 150 },
  { x: 125, y: 150 },
];

/** Something to embed that is no face, in a buffer of its own. */
export function noiseCrop(seed: number): FaceCrop {
  return cutFace(noise(seed), landmarks)!;
}

/** MTCNN, whose landmarks are the better ones. */
export function startDetector(
  kind: DetectorChoice['kind'] = 'mtcnn',
  minFaceSize: number | null = null,
): Promise<FaceDetector> {
  return createDetector({ kind, range: 'full', threshold: null, minFaceSize }, models, () => undefined);
}

/** Stills of one man, from the demo media. */
export const stills = ['01829', '02045', '02159', '02221', '02683', '02888', '03909'];

export async function readAsset(id: string): Promise<RgbImage> {
  return readPicture(await models.ensure(id));
}
