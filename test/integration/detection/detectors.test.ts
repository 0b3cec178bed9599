import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iou } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector, type DetectorChoice } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const samples = [1, 2, 3, 4, 5, 6].map((number) => `sample-${number}`);
const choices: Record<string, DetectorChoice> = {
  'mediapipe, full range': { kind: 'mediapipe', range: 'full', threshold: 0.5, minFaceSize: null },
  'mediapipe, short range': { kind: 'mediapipe', range: 'short', threshold: 0.5, minFaceSize: null },
  mtcnn: { kind: 'mtcnn', range: 'full', threshold: 0.7, minFaceSize: 20 },
};

let photos: RgbImage[];

beforeAll(async () => {
  const paths = await models.ensure(samples);
  const limits = { maxBytes: 1e8, maxPixels: 1e8 };
  photos = await Promise.all([...paths.values()].map((path) => readImage(path, limits)));
});

describe.each([
  // Measured before the project began: MODELS.md; 23 is facenet-pytorch's own count at this size.
  ['mediapipe, full range', 22],
  ['mediapipe, short range', 14],
  ['mtcnn', 23],
])('%s', (name, faces) => {
  let detector: FaceDetector;
  beforeAll(async () => {
    detector = await createDetector(choices[name] as DetectorChoice, models, () => undefined);
  });
  afterAll(() => detector.close());

  it(`finds ${faces} faces on the six test photos`, async () => {
    let found = 0;
    for (const photo of photos) found += (await detector.detect(photo)).length;
    expect(found).toBe(faces);
  });

  it('gives landmarks as seen in the image, inside the box, best face first', async () => {
    const detections = await detector.detect(photos[0] as RgbImage);
    expect(detections.length).toBeGreaterThan(0);
    for (const { box, landmarks, score } of detections) {
      const [leftEye, rightEye, nose, leftMouth, rightMouth] = landmarks;
      expect(leftEye.x).toBeLessThan(rightEye.x);
      expect(leftMouth.x).toBeLessThan(rightMouth.x);
      expect(nose.y).toBeGreaterThan((leftEye.y + rightEye.y) / 2);
      expect((leftMouth.y + rightMouth.y) / 2).toBeGreaterThan(nose.y);
      for (const { x, y } of landmarks) {
        expect(x).toBeGreaterThan(box.x - 0.1 * box.width);
        expect(x).toBeLessThan(box.x + 1.1 * box.width);
        expect(y).toBeGreaterThan(box.y - 0.1 * box.height);
        expect(y).toBeLessThan(box.y + 1.1 * box.height);
      }
      expect(score).toBeGreaterThan(0.5);
      expect(score).toBeLessThanOrEqual(1);
    }
    const scores = detections.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it('finds the same faces again after odd and bad pictures', async () => {
    const photo = photos[1] as RgbImage;
    const before = await detector.detect(photo);
    for (const [width, height] of [
      [1, 1],
      [3, 4000],
      [4000, 3],
    ] as const) {
      expect(await detector.detect({ width, height, data: new Uint8Array(width * height * 3) })).toEqual([]);
    }
    const short = { width: 640, height: 480, data: new Uint8Array(100) };
    await expect(detector.detect(short)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
    expect(await detector.detect(photo)).toEqual(before);
  });
});

describe('the detectors', () => {
  it('agree on where the faces are', async () => {
    const [mediapipe, mtcnn] = await Promise.all(
      ['mediapipe, full range', 'mtcnn'].map((name) =>
        createDetector(choices[name] as DetectorChoice, models, () => undefined),
      ),
    );
    const photo = photos[0] as RgbImage;
    const [first, second] = [await mediapipe?.detect(photo), await mtcnn?.detect(photo)];
    for (const { box } of first ?? []) {
      expect(Math.max(...(second ?? []).map((other) => iou(box, other.box)))).toBeGreaterThan(0.4);
    }
    await Promise.all([mediapipe?.close(), mtcnn?.close()]);
  });
});
