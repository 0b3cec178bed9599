import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../../../src/core/face.js';
import { iou } from '../../../../src/core/geometry.js';
import type { RgbImage } from '../../../../src/core/image.js';
import { landmarkBox } from '../../../../src/recognition/embedding/landmark-square.js';
import type { FaceDetector } from '../../../../src/detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../../../../src/models/model-store.js';
import { sessionOptions } from '../../../../src/models/session-options.js';
import { LandmarkRefiner } from '../../../../src/recognition/embedding/thread/landmark-refiner.js';
import { noiseCrop, readAsset, startDetector } from '../faces.js';

const photos = ['sample-1', 'sample-2', 'sample-3', 'sample-4', 'sample-5', 'sample-6'];
let refiner: LandmarkRefiner;
let detectors: FaceDetector[];

beforeAll(async () => {
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  refiner = new LandmarkRefiner(await models.ensure('mtcnn-onet'), sessionOptions());
  detectors = await Promise.all([startDetector('mtcnn'), startDetector('mediapipe')]);
});
afterAll(() => Promise.all(detectors.map((detector) => detector.close())));

/** How much the refined box of each face that MTCNN found overlaps MTCNN's, from another detector's landmarks. */
async function overlaps(image: RgbImage): Promise<number[]> {
  const [truth, found] = await Promise.all(detectors.map((detector) => detector.detect(image)));
  const near = ({ box }: Detection) => found!.find((other) => iou(other.box, box) > 0.3);
  const pairs = truth!.flatMap((face) => {
    const other = near(face);
    return other ? [{ face, other }] : [];
  });
  const shares: number[] = [];
  for (const { face, other } of pairs)
    shares.push(iou((await refiner.refine(image, other.landmarks)).box, face.box));
  return shares;
}

describe('LandmarkRefiner', () => {
  it('finds MTCNN’s box from the landmarks of MediaPipe', async () => {
    const shares: number[] = [];
    for (const photo of photos) shares.push(...(await overlaps(await readAsset(photo))));
    shares.sort((a, b) => a - b);
    expect(shares.length).toBeGreaterThan(15);
    expect(shares[shares.length >> 1]).toBeGreaterThan(0.85);
    expect(shares[0]).toBeGreaterThan(0.6);
  });

  it('keeps the landmarks, with the box that they suggest, where there is no face', async () => {
    const { landmarks, ...noise } = noiseCrop(1);
    const { score, ...face } = await refiner.refine(noise, landmarks);
    expect(face).toEqual({ landmarks, box: landmarkBox(landmarks) });
    expect(score).toBeLessThan(0.5);
  });
});
