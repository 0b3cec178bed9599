import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../src/core/face.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { sharedData } from '../helpers/prerequisites.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

type Figures = Readonly<Record<string, unknown>>;

const folder = temporaryFolder();
/** Of the three faces on sample-1.jpg, as MTCNN finds them. */
let faces: Detection[];
let photo: string;
afterAll(() => folder.remove());

beforeAll(async () => {
  photo = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure('sample-1');
  const { stdout } = await sightline(['detect', '--json', '--detector', 'mtcnn', photo]);
  faces = (JSON.parse(stdout) as [{ faces: Detection[] }])[0].faces;
  expect(faces).toHaveLength(3);
});

function truthFile(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

function evaluate(truth: string, ...args: string[]) {
  const where = ['--images', dirname(photo), '--truth', truth, '--detector', 'mtcnn'];
  return sightline(['evaluate', 'detection', ...where, ...args]);
}

const numbers = ({ box }: Detection): number[] => [box.x, box.y, box.width, box.height];

describe('sightline evaluate detection', () => {
  it('holds a detector against JSON rows, landmarks included', async () => {
    const iname = basename(photo);
    const rows = faces.slice(0, 2).map((face) => {
      // Every landmark marked a tenth of the eyes' distance further right.
      const [left, right] = face.landmarks;
      const shift = Math.hypot(right.x - left.x, right.y - left.y) / 10;
      return { iname, bbox: numbers(face), landmarks: face.landmarks.map(({ x, y }) => [x + shift, y]) };
    });
    const missed = { iname, bbox: [0, 0, 50, 50] };
    const { code, stdout } = await evaluate(
      truthFile('truth.json', JSON.stringify([...rows, missed])),
      '--json',
    );
    expect(code).toBe(0);
    const { medianMs, landmarkError, averagePrecision, byHeight, ...rest } = JSON.parse(stdout) as Figures;
    expect(byHeight).toMatchObject([
      { faces: 0 },
      { faces: 0 },
      { faces: 1, found: 0 },
      { faces: 2, found: 2 },
    ]);
    expect(rest).toEqual({
      detector: 'mtcnn',
      iou: 0.5,
      shrink: [1],
      canvas: null,
      video: null,
      framesUntilFound: null,
      recall: 2 / 3,
      precision: 2 / 3,
      images: 1,
      faces: 3,
      truePositives: 2,
      falsePositives: 1,
    });
    expect(landmarkError).toBeCloseTo(0.1, 3);
    expect(averagePrecision).toBeGreaterThan(0.3);
    expect(averagePrecision).toBeLessThanOrEqual(2 / 3);
    expect(medianMs).toBeGreaterThan(0);
  });

  it("reads WIDER FACE's text, and prints a table", async () => {
    const rows = faces.map(
      (face, index) => `${numbers(face).map(Math.round).join(' ')} 0 0 0 ${index === 0 ? 1 : 0} 0 0`,
    );
    const { code, stdout } = await evaluate(
      truthFile('wider.txt', `${basename(photo)}\n3\n${rows.join('\n')}\n`),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^faces +2$/m);
    expect(stdout).toMatch(/^recall +1\.000$/m);
    expect(stdout).toMatch(/^precision +1\.000$/m);
    expect(stdout).toMatch(/^landmark error +the truth has no landmarks$/m);
    expect(stdout).toMatch(/^median +\d+\.\d ms a picture$/m);
    expect(stdout).toMatch(/^80 and more +2 +2 +1\.000$/m);
  });

  it('judges faces made small, in the search that cameras use', async () => {
    const iname = basename(photo);
    const truth = truthFile(
      'small.json',
      JSON.stringify(faces.map((face) => ({ iname, bbox: numbers(face) }))),
    );
    const small = ['--shrink', '1.5,3', '--canvas', '1280x720', '--frames', '8', '--rate', '10', '--json'];
    const { code, stdout } = await evaluate(truth, ...small);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      shrink: [1.5, 3],
      canvas: { width: 1280, height: 720 },
      video: { frames: 8, rate: 10 },
      images: 2,
      faces: 6,
      truePositives: 6,
      falsePositives: 0,
      framesUntilFound: { median: 3 },
    });
  });

  it.each([
    ['a truth that is not there', () => '/nowhere.json', [], 1, /TRUTH_UNREADABLE.*\/nowhere\.json/],
    ['a truth of another kind', () => truthFile('a', 'some\ntext'), [], 1, /TRUTH_INVALID.*line 2.*"text"/],
    ['an empty truth', () => truthFile('b', ''), [], 1, /TRUTH_INVALID.*at least one face/],
    [
      'pictures that are not there',
      () => truthFile('c', 'gone.jpg\n1\n1 2 3 4 0 0 0 0 0 0'),
      [],
      1,
      /TRUTH_IMAGES_MISSING.*1 are not there: gone\.jpg/,
    ],
    [
      'a picture that is none',
      () => truthFile('d', 'sample-1.jpg.json\n1\n1 2 3 4 0 0 0 0 0 0'),
      [],
      1,
      /IMAGE_UNREADABLE.*sample-1\.jpg\.json/,
    ],
    ['an overlap past 1', () => '/any', ['--iou', '50'], 2, /USAGE: Expected --iou.*50/],
    ['a factor that enlarges', () => '/any', ['--shrink', '2,0.5'], 2, /USAGE: Expected --shrink.*0\.5/],
    ['a canvas without a size', () => '/any', ['--canvas', 'large'], 2, /USAGE: Expected --canvas.*large/],
    ['no frames', () => '/any', ['--frames', '0'], 2, /USAGE: Expected --frames.*0/],
  ])('says what is wrong with %s', async (_, truth, args, expectedCode, expected) => {
    const { code, stderr, stdout } = await evaluate(truth(), ...args);
    expect(stderr).toMatch(expected);
    expect(code).toBe(expectedCode);
    expect(stdout).toBe('');
  });
});

const fddb = join(sharedData, 'fddb');

describe('on the 103 pictures of FDDB', { tags: ['fddb'] }, () => {
  // Other settings and Haar are held against their references on the same pictures by tests of the detectors.
  it('MTCNN is as good as facenet-pytorch’s: recall .931 and precision .931 with min face 40', async () => {
    const { stdout } = await sightline([
      ...['evaluate', 'detection', '--json', '--detector', 'mtcnn', '--min-face', '40'],
      ...['--images', join(fddb, 'images'), '--truth', join(fddb, 'ground-truth.json')],
    ]);
    const figures = JSON.parse(stdout) as Record<string, number>;
    expect(figures).toMatchObject({ images: 103, faces: 175, landmarkError: null });
    expect(figures.recall).toBeGreaterThan(0.931 - 0.01);
    expect(figures.precision).toBeGreaterThan(0.931 - 0.01);
  });
});
