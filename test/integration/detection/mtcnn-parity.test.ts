import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import type { Detection } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import {
  detectionFigures,
  type SearchedPicture,
} from '../../../src/training/evaluation/detection-figures.js';
import { parseTruth } from '../../../src/training/evaluation/truth.js';
import { sharedData } from '../../helpers/prerequisites.js';

/** Faces of each picture: score, x, y, width, height, then x and y of each landmark. */
type Faces = readonly (readonly number[])[][];

/** What a plain MTCNN found: test/fixtures/mtcnn/README.md. */
const reference = JSON.parse(
  readFileSync(join(packageRoot(), 'test', 'fixtures', 'mtcnn', 'reference.json'), 'utf8'),
) as {
  photos: Faces;
  crowd: Record<string, Faces>;
  fddb: Record<string, { found: number; right: number; faces: number }>;
};
const crowd = join(sharedData, 'video', 'crowd-1080p.mp4');
const fddb = join(sharedData, 'fddb');

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const detectors = new Map<number, Promise<FaceDetector>>();
afterAll(async () => {
  for (const detector of detectors.values()) await (await detector).close();
});

function detectorFor(minFaceSize: number): Promise<FaceDetector> {
  const choice = { kind: 'mtcnn', range: 'full', threshold: 0.7, minFaceSize } as const;
  const detector = detectors.get(minFaceSize) ?? createDetector(choice, models, () => undefined);
  detectors.set(minFaceSize, detector);
  return detector;
}

function read(path: string): Promise<RgbImage> {
  return readImage(path, { maxBytes: 1e8, maxPixels: 1e8 });
}

function rowOf({ score, box: { x, y, width, height }, landmarks }: Detection): number[] {
  return [score, x, y, width, height, ...landmarks.flatMap((point) => [point.x, point.y])];
}

/** The same faces in the same order, scores within .0001 and lengths within .01 pixels. */
function expectSame(found: readonly Detection[], expected: Faces[number]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, detection] of found.entries()) {
    const row = rowOf(detection);
    for (const [field, value] of (expected[index] ?? []).entries()) {
      expect(Math.abs((row[field] ?? NaN) - value)).toBeLessThan(field === 0 ? 1e-4 : 1e-2);
    }
  }
}

/** Every eighth frame of the clip, 1920×1080. */
async function crowdFrames(): Promise<RgbImage[]> {
  const { path } = await findFfmpeg();
  const size = 1920 * 1080 * 3;
  const { stdout } = await promisify(execFile)(
    path,
    ['-loglevel', 'error', '-i', crowd, '-vf', "select='not(mod(n,8))'", '-vsync', '0'].concat([
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ]),
    { encoding: 'buffer', maxBuffer: 20 * size },
  );
  return Array.from({ length: stdout.length / size }, (_, index) => ({
    width: 1920,
    height: 1080,
    data: stdout.subarray(index * size, (index + 1) * size),
  }));
}

describe('MTCNN finds what a plain MTCNN finds', () => {
  it('on the six test photos: 23 faces', async () => {
    const detector = await detectorFor(20);
    expect(reference.photos.flat()).toHaveLength(23);
    for (const [index, faces] of reference.photos.entries()) {
      expectSame(await detector.detect(await read(await models.ensure(`sample-${index + 1}`))), faces);
    }
  });

  it('on full-HD frames of a crowd', { tags: ['films'] }, async () => {
    const frames = await crowdFrames();
    for (const [minFaceSize, count] of [
      [20, 78],
      [40, 78],
      [80, 68],
    ] as const) {
      const detector = await detectorFor(minFaceSize);
      const expected = reference.crowd[minFaceSize] ?? [];
      expect(frames).toHaveLength(expected.length);
      expect(expected.flat()).toHaveLength(count);
      for (const [index, frame] of frames.entries()) {
        expectSame(await detector.detect(frame), expected[index] ?? []);
      }
    }
  });

  // facenet-pytorch: recall .931 and precision .931 with min face 40, .914 and .889 with 20.
  it.each([
    [40, 0.931, 0.931],
    [20, 0.914, 0.889],
  ])(
    'on FDDB with min face %i: recall %d and precision %d',
    { tags: ['fddb'] },
    async (minFaceSize, recall, precision) => {
      const detector = await detectorFor(minFaceSize);
      const searched: SearchedPicture[] = [];
      for (const { path, faces } of parseTruth(readFileSync(join(fddb, 'ground-truth.json'), 'utf8'))) {
        searched.push({ faces, detections: await detector.detect(await read(join(fddb, 'images', path))) });
      }
      const figures = detectionFigures(searched, 0.5);
      expect(Math.abs(figures.recall - recall)).toBeLessThan(0.01);
      expect(Math.abs(figures.precision - precision)).toBeLessThan(0.01);
      const { found, right, faces } = reference.fddb[minFaceSize] ?? {};
      expect(searched.flatMap(({ detections }) => detections)).toHaveLength(found ?? NaN);
      expect(figures.recall).toBeCloseTo((right ?? NaN) / (faces ?? NaN), 6);
    },
  );
});
