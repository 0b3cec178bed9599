import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import type { Detection } from '../../../src/core/face.js';
import { iou, type Point } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector, type DetectorChoice } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import {
  detectionFigures,
  type SearchedPicture,
} from '../../../src/training/evaluation/detection-figures.js';
import { parseTruth } from '../../../src/training/evaluation/truth.js';
import { sharedData } from '../../helpers/prerequisites.js';

type Sides = [x: number, y: number, width: number, height: number];

/** What OpenCV 4.6 found: test/fixtures/haar/README.md says how it was made. */
const opencv = JSON.parse(
  readFileSync(join(packageRoot(), 'test', 'fixtures', 'haar', 'opencv-4.6.json'), 'utf8'),
) as { samples: Record<string, Sides[]>; fddb: Record<string, Sides[]> };
const fddb = join(sharedData, 'fddb');

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const choice: DetectorChoice = { kind: 'haar', range: 'full', threshold: null, minFaceSize: null };
let haar: FaceDetector;

beforeAll(async () => {
  haar = await createDetector(choice, models, () => undefined);
});
afterAll(() => haar.close());

function read(path: string): Promise<RgbImage> {
  return readImage(path, { maxBytes: 1e8, maxPixels: 1e8 });
}

async function readPhoto(name: string): Promise<RgbImage> {
  return read(await models.ensure(name));
}

/** Searched once for all tests. */
const searches = new Map<string, Promise<Detection[]>>();

function facesOn(name: string): Promise<Detection[]> {
  const search = searches.get(name) ?? readPhoto(name).then((photo) => haar.detect(photo));
  searches.set(name, search);
  return search;
}

function sortedBoxes(detections: readonly Detection[]): Sides[] {
  return detections
    .map(({ box: { x, y, width, height } }): Sides => [x, y, width, height])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

describe("the boxes are OpenCV's, to the pixel", () => {
  it.each(Object.keys(opencv.samples))('on %s', async (name) => {
    expect(sortedBoxes(await facesOn(name))).toEqual(opencv.samples[name]);
  });

  it('on FDDB, with its recall and precision', { tags: ['fddb'] }, async () => {
    const searched: SearchedPicture[] = [];
    for (const { path, faces } of parseTruth(readFileSync(join(fddb, 'ground-truth.json'), 'utf8'))) {
      const detections = await haar.detect(await read(join(fddb, 'images', path)));
      expect(sortedBoxes(detections), path).toEqual(opencv.fddb[path]);
      searched.push({ faces, detections });
    }
    const { recall, precision } = detectionFigures(searched, 0.5);
    expect(recall).toBeCloseTo(0.743, 3);
    expect(precision).toBeCloseTo(0.861, 3);
  });
});

describe('a detection', () => {
  it('has a score of n / (n + 5), best first, and the threshold leaves the lower ones out', async () => {
    const photo = await readPhoto('sample-6');
    const all = await facesOn('sample-6');
    const scores = all.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    for (const score of scores) {
      const windows = (5 * score) / (1 - score);
      expect(windows).toBeCloseTo(Math.round(windows), 6);
      expect(windows).toBeGreaterThan(5.5);
    }
    const strict = await createDetector({ ...choice, threshold: 0.8 }, models, () => undefined);
    const best = all.filter(({ score }) => score >= 0.8);
    expect(await strict.detect(photo)).toEqual(best);
    expect(best.length).toBeLessThan(all.length);
    await strict.close();
  });

  it("has landmarks where MTCNN's are", async () => {
    const mtcnn = await createDetector({ ...choice, kind: 'mtcnn' }, models, () => undefined);
    const errors: number[] = [];
    for (const name of Object.keys(opencv.samples)) {
      const photo = await readPhoto(name);
      const references = await mtcnn.detect(photo);
      for (const { box, landmarks } of await facesOn(name)) {
        const reference = references.find((other) => iou(other.box, box) > 0.4)?.landmarks;
        if (reference === undefined) continue;
        const eyes = distance(reference[0], reference[1]);
        const sum = landmarks.reduce((total, point, i) => total + distance(point, reference[i] as Point), 0);
        errors.push(sum / landmarks.length / eyes);
      }
    }
    await mtcnn.close();
    expect(errors.length).toBeGreaterThanOrEqual(15);
    // In distances of the eyes. Two names mixed up, or a view that is off, give .3 and more.
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(0.1);
    expect(Math.max(...errors)).toBeLessThan(0.3);
  });

  it('is at least as large as the smallest face', async () => {
    const photo = await readPhoto('sample-5');
    const detector = await createDetector({ ...choice, minFaceSize: 180 }, models, () => undefined);
    const widths = (await detector.detect(photo)).map(({ box }) => box.width);
    expect(widths.length).toBeGreaterThan(3);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(180);
    await detector.close();
  });
});

describe('odd pictures', () => {
  const grey = (width: number, height: number): RgbImage => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(119),
  });
  const noise = (width: number, height: number): RgbImage => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2_654_435_761) >>> 24),
  });

  it.each([
    ['one pixel', grey(1, 1)],
    ['a strip', grey(3, 4000)],
    ['a flat one', grey(4000, 3)],
    ['one window', noise(24, 24)],
    ['one pixel less than a window', noise(23, 400)],
    ['all black', { ...grey(640, 480), data: new Uint8Array(640 * 480 * 3) }],
    ['all grey', grey(640, 480)],
    ['16 megapixels', grey(4000, 4000)],
  ])('%s has no faces, and harms nothing', async (_, picture) => {
    const photo = await readPhoto('demo-franck-02045');
    const before = await facesOn('demo-franck-02045');
    expect(before).toHaveLength(1);
    expect(await haar.detect(picture)).toEqual([]);
    expect(await haar.detect(photo)).toEqual(before);
  });

  it('with too few bytes are refused, and harm nothing', async () => {
    const photo = await readPhoto('demo-franck-02045');
    const before = await facesOn('demo-franck-02045');
    const short = { width: 640, height: 480, data: new Uint8Array(100) };
    await expect(haar.detect(short)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
    expect(await haar.detect(photo)).toEqual(before);
  });
});

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
