import { mkdirSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetPaths, cutFaces, franck, greyPicture } from '../helpers/photos.js';
import { sharedData } from '../helpers/prerequisites.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

type Figures = Readonly<Record<string, unknown>>;

const folder = temporaryFolder();
const images = join(folder.path, 'images');
afterAll(() => folder.remove());

beforeAll(async () => {
  const [crowd, ...stills] = (await assetPaths(['sample-1', ...franck])) as [string, ...string[]];
  const others = await cutFaces(crowd, folder.path);
  await person('Franck', [...stills, await greyPicture(folder.path)]);
  await person('Somebody_Else', others);
});

/** Photos as Labeled Faces in the Wild names them. */
async function person(name: string, photos: readonly string[]): Promise<void> {
  mkdirSync(join(images, name), { recursive: true });
  await Promise.all(
    photos.map((photo, at) => copyFile(photo, join(images, name, `${name}_000${at + 1}.jpg`))),
  );
}

function pairsFile(text: string): string {
  const path = join(folder.path, `pairs-${Math.abs(text.length)}.txt`);
  writeFileSync(path, text);
  return path;
}

function evaluate(pairs: string, ...args: string[]) {
  return sightline(['evaluate', 'lfw', '--pairs', pairs, '--images', images, ...args]);
}

const fold = (same: string, different: string): string =>
  `Franck\t${same}\nFranck\t${different.replace(' ', '\tSomebody_Else\t')}\n`;

describe('sightline evaluate lfw', () => {
  it('judges each fold of View 2 at the threshold of the others', async () => {
    const text = `3\t1\n${fold('1\t2', '1 1')}${fold('3\t4', '3 2')}${fold('1\t4', '2 3')}`;
    const { code, stdout } = await evaluate(pairsFile(text), '--json');
    expect(code).toBe(0);
    const { threshold, ...rest } = JSON.parse(stdout) as Figures;
    expect(rest).toEqual({
      embedder: 'mobilefacenet+fr-feature',
      detector: 'mtcnn',
      accuracy: 1,
      accuracyStd: 0,
      tarAtFar: { '1e-2': 1, '1e-3': 1 },
      eer: 0,
      auc: 1,
      missed: 0,
      pairs: 6,
      folds: 3,
    });
    expect(threshold).toBeGreaterThan(0.6);
    expect(threshold).toBeLessThan(1.3);
  });

  it('takes a face that is not found for somebody else’s', async () => {
    const text = `2\nFranck\t1\t2\nFranck\t3\t5\nFranck\t1\tSomebody_Else\t1\nFranck\t5\tSomebody_Else\t2\n`;
    const { stdout } = await evaluate(pairsFile(text), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      accuracy: 0.75,
      missed: 1,
      pairs: 4,
      tarAtFar: { '1e-2': 0.5 },
    });
    const table = await evaluate(pairsFile(text), '--detector', 'mediapipe');
    expect(table.stdout).toMatch(/^detector +mediapipe$/m);
    expect(table.stdout).toMatch(/^pairs +4, 1 photos without a face$/m);
    expect(table.stdout).toMatch(/^accuracy +75\.00 %, at the best threshold$/m);
  });

  it.each([
    ['pairs that are not there', () => '/nowhere.txt', [], 1, /PAIRS_UNREADABLE.*\/nowhere\.txt/],
    ['a file of another kind', () => pairsFile('some text'), [], 1, /PAIRS_INVALID.*line 1.*"some text"/],
    ['a file cut short', () => pairsFile('2\nFranck\t1\t2\n'), [], 1, /PAIRS_INVALID.*5 lines.*received 2/],
    [
      'photos that are not there',
      () => pairsFile('1\nFranck\t1\t9\nFranck\t1\tNobody\t1\n'),
      [],
      1,
      /TRUTH_IMAGES_MISSING.*3 pictures.*2 are not there: Franck\/Franck_0009\.jpg, Nobody/,
    ],
    [
      'an embedder of no known name',
      () => pairsFile(`1\n${fold('1\t2', '1 1')}`),
      ['--embedder', 'x'],
      2,
      /MODEL_NOT_FOUND: Expected [^]*mobilefacenet[^]*"x"/,
    ],
  ])('says what is wrong with %s', async (_, pairs, args, expectedCode, message) => {
    const { code, stdout, stderr } = await evaluate(pairs(), ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expectedCode);
    expect(stdout).toBe('');
  });
});

const lfw = join(sharedData, 'lfw-view1');

describe('on View 1 of Labeled Faces in the Wild', { tags: ['lfw'] }, () => {
  it.each(['mobilefacenet+fr-feature', 'mobilefacenet'])(
    '%s with MTCNN judges 99 of 100 pairs rightly, or more',
    // It reads 1,549 photos: minutes on a busy machine.
    { timeout: 1_800_000 },
    async (id) => {
      const { stdout } = await sightline([
        ...['evaluate', 'lfw', '--json', '--pairs', join(lfw, 'pairsDevTest.txt')],
        ...['--images', join(lfw, 'images'), '--detector', 'mtcnn', '--embedder', id],
      ]);
      const figures = JSON.parse(stdout) as { accuracy: number; missed: number; pairs: number };
      expect(figures).toMatchObject({ pairs: 1000, missed: 0 });
      expect(figures.accuracy).toBeGreaterThanOrEqual(0.99);
    },
  );
});
