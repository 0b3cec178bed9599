import { mkdirSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../helpers/prerequisites.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

/** Photos of a few public figures. */
const photos = join(sharedData, 'identity');
const train = join(photos, 'knn_examples', 'train');

/** One photo each. */
const enrolled: Readonly<Record<string, string>> = {
  'Alex Lacamoire': join(photos, 'alex-lacamoire.png'),
  'Barack Obama': join(photos, 'obama.jpg'),
  'Joe Biden': join(photos, 'biden.jpg'),
  'Kit Harington': join(train, 'kit_harington', 'john1.jpeg'),
  'Rose Leslie': join(train, 'rose_leslie', 'img1.jpg'),
};

/** Other photos of them, and who is to be named, from left to right. */
const probes: readonly (readonly [path: string, names: readonly string[]])[] = [
  [join(train, 'alex_lacamoire', 'img1.jpg'), ['Alex Lacamoire']],
  [join(photos, 'obama2.jpg'), ['Barack Obama']],
  [join(photos, 'obama-240p.jpg'), ['Barack Obama']],
  [join(train, 'biden', 'biden2.jpg'), ['Joe Biden']],
  [join(train, 'kit_harington', 'john2.jpeg'), ['Kit Harington']],
  [join(train, 'rose_leslie', 'img2.jpg'), ['Rose Leslie']],
  [join(photos, 'two_people.jpg'), ['Barack Obama', 'Joe Biden']],
  // Lin-Manuel Miranda is not enrolled.
  [join(photos, 'lin-manuel-miranda.png'), []],
];

const folder = temporaryFolder();
const data = join(folder.path, 'data');
afterAll(() => folder.remove());

describe('with one photo of each of five people enrolled', { tags: ['identity'] }, () => {
  beforeAll(async () => {
    for (const [name, photo] of Object.entries(enrolled)) {
      const copy = join(folder.path, 'people', name, 'photo');
      mkdirSync(dirname(copy), { recursive: true });
      await copyFile(photo, `${copy}${photo.slice(photo.lastIndexOf('.'))}`);
    }
    const { code } = await sightline(['enroll', join(folder.path, 'people'), '--yes', '--data', data]);
    expect(code).toBe(0);
  });

  it.each(['mtcnn', 'mediapipe'])('names them on other photos, and nobody else: %s', async (detector) => {
    const { code, stdout } = await sightline([
      ...['identify', '--json', '--data', data, '--detector', detector],
      ...probes.map(([path]) => path),
    ]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as { faces: { name: string | null; box: { x: number } }[] }[];
    const named = found.map(({ faces }) =>
      faces.toSorted((a, b) => a.box.x - b.box.x).flatMap(({ name }) => name ?? []),
    );
    expect(named).toEqual(probes.map(([, names]) => names));
    expect(found.every(({ faces }) => faces.length > 0)).toBe(true);
  });
});
