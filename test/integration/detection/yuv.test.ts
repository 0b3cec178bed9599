import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../../src/core/face.js';
import { iou } from '../../../src/core/geometry.js';
import type { RgbImage, YuvImage } from '../../../src/core/image.js';
import { createDetector, type DetectorChoice } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { WorkerDetector } from '../../../src/detection/worker/worker-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { toRgb, toYuv } from '../../helpers/yuv.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const samples = [1, 2, 3, 4, 5, 6].map((number) => `sample-${number}`);
const base = { range: 'full', threshold: null } as const;

/** The same pictures in both forms: RGB is what ffmpeg makes of the planes. */
let pictures: { readonly yuv: YuvImage; readonly rgb: RgbImage }[];

beforeAll(async () => {
  const paths = await models.ensure(samples);
  pictures = [];
  for (const [index, path] of [...paths.values()].entries()) {
    const photo = await readImage(path, { maxBytes: 1e8, maxPixels: 1e8 });
    const yuv = await toYuv(photo, index % 2 === 0 ? 'bt709' : 'bt601');
    pictures.push({ yuv, rgb: await toRgb(yuv) });
  }
});

/** For each face of the first list its best partner in the other: common area, and distance of landmarks by eyes. */
function agreement(faces: readonly Detection[], others: readonly Detection[]) {
  return faces.map(({ box, landmarks }) => {
    const [best] = others.toSorted((a, b) => iou(b.box, box) - iou(a.box, box));
    if (best === undefined) return { overlap: 0, shift: Infinity };
    const [left, right] = landmarks;
    const shifts = landmarks.map(({ x, y }, i) =>
      Math.hypot(x - best.landmarks[i]!.x, y - best.landmarks[i]!.y),
    );
    const eyes = Math.hypot(right.x - left.x, right.y - left.y);
    return { overlap: iou(best.box, box), shift: Math.max(...shifts) / eyes };
  });
}

/** Faces come best first. */
function betterHalf(faces: readonly Detection[]): readonly Detection[] {
  return faces.slice(0, Math.ceil(faces.length / 2));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

describe.each<DetectorChoice>([
  { ...base, kind: 'mediapipe', minFaceSize: null },
  { ...base, kind: 'mtcnn', minFaceSize: 40 },
  { ...base, kind: 'haar', minFaceSize: 40 },
])('$kind', (choice) => {
  let detector: FaceDetector;
  beforeAll(async () => {
    detector = await createDetector(choice, models, () => undefined);
  });
  afterAll(() => detector.close());

  it('finds the same faces on a picture in YUV as in RGB', async () => {
    const pairs: ReturnType<typeof agreement> = [];
    const clearPairs: ReturnType<typeof agreement> = [];
    for (const { yuv, rgb } of pictures) {
      const [onYuv, onRgb] = [await detector.detect(yuv), await detector.detect(rgb)];
      pairs.push(...agreement(onYuv, onRgb), ...agreement(onRgb, onYuv));
      clearPairs.push(...agreement(betterHalf(onYuv), onRgb), ...agreement(betterHalf(onRgb), onYuv));
    }
    expect(pairs.length).toBeGreaterThan(40);
    expect(median(pairs.map(({ overlap }) => overlap))).toBeGreaterThan(0.95);
    expect(median(pairs.map(({ shift }) => shift))).toBeLessThan(0.05);
    // A step of one grey level tips faces at the threshold, on any two copies of a photo, but not clear ones.
    const same = clearPairs.filter(({ overlap, shift }) => overlap > 0.7 && shift < 0.3);
    expect(same.length / clearPairs.length).toBeGreaterThan(0.9);
  });

  it('refuses planes that are too short, and finds nothing on flat ones of odd size', async () => {
    const short: YuvImage = { width: 5, height: 5, data: new Uint8Array(42), matrix: 'bt601' };
    await expect(detector.detect(short)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
    expect(await detector.detect({ ...short, data: new Uint8Array(43) })).toEqual([]);
  });
});

it('a detector in a thread finds what one on the main loop finds', async () => {
  const choice: DetectorChoice = { ...base, kind: 'mtcnn', minFaceSize: 40 };
  const here = await createDetector(choice, models, () => undefined);
  const there = new WorkerDetector({
    ...{ choice, modelsDir: defaultCacheDir(), background: false, timeoutMs: 60_000 },
  });
  const { yuv } = pictures[0]!;
  expect(await there.detect(yuv)).toEqual(await here.detect(yuv));
  // The frame itself stays with its owner.
  expect(yuv.data.length).toBeGreaterThan(0);
  await Promise.all([here.close(), there.close()]);
});
