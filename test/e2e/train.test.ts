import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { sharedData } from '../helpers/prerequisites.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
/** Stills of one man. */
let stills: string[];

beforeAll(async () => {
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  const ids = ['01829', '02045', '02221', '02683'];
  stills = await Promise.all(ids.map((id) => models.ensure(`demo-franck-${id}`)));
});
afterAll(() => folder.remove());

async function peopleFolder(
  name: string,
  people: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(path);
  for (const [person, photos] of Object.entries(people)) {
    await mkdir(join(path, person));
    for (const [index, photo] of photos.entries()) await copyFile(photo, join(path, person, `${index}.jpg`));
  }
  return path;
}

const train = (path: string, ...args: string[]) =>
  sightline(['train', 'classifier', '--data', path, '--gallery', data, ...args]);

describe('sightline train', () => {
  it.each([
    ['an empty folder', () => peopleFolder('empty', {}), [], 1, /PHOTOS_NOT_FOUND.*empty/],
    ['a folder that is not there', () => Promise.resolve('/nowhere'), [], 1, /PHOTOS_NOT_FOUND.*\/nowhere/],
    [
      'one person',
      () => peopleFolder('one', { franck: stills }),
      [],
      1,
      /TRAINING_DATA_INSUFFICIENT.*received 1 \(of 1 people with 4 usable photos/,
    ],
    [
      'one photo a person',
      () => peopleFolder('single', { a: [stills[0]!], b: [stills[1]!], c: [stills[2]!] }),
      [],
      1,
      /TRAINING_DATA_INSUFFICIENT.*3 people with 2 or more.*received 0/,
    ],
    [
      'the same photo under two names',
      () => peopleFolder('twice', { ann: [stills[0]!, stills[1]!], bob: [stills[2]!, stills[1]!] }),
      [],
      1,
      /TRAINING_DATA_CONFLICT.*ann\/1\.jpg.*bob\/1\.jpg/,
    ],
    ['a seed that is none', () => Promise.resolve('/any'), ['--seed', 'x'], 2, /USAGE.*--seed.*x/],
    [
      'an embedder that is none',
      () => peopleFolder('named', { a: stills }),
      ['--embedder', 'x'],
      2,
      /MODEL_NOT_FOUND: Expected [^]*mobilefacenet/,
    ],
  ] as const)('says what is wrong with %s', async (_, path, args, expectedCode, expected) => {
    const { code, stderr, stdout } = await train(await path(), ...args);
    expect(stderr).toMatch(expected);
    expect(code).toBe(expectedCode);
    expect(stdout).toBe('');
  });

  it('reports photos of three people, of whom one file is no image and one a copy', async () => {
    const changed = join(folder.path, 'mirrored.png');
    await sharp(stills[1]).flop().toFile(changed);
    const path = await peopleFolder('three', {
      franck: [stills[0]!, stills[1]!, stills[0]!],
      mirrored: [changed, stills[2]!],
      third: stills.slice(3),
    });
    await writeFile(join(path, 'third', 'notes.jpg'), 'no image');
    await sharp(stills[3])
      .flop()
      .toFile(join(path, 'third', 'second.jpg'));
    const { code, stdout } = await train(path, '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      head: 'classifier',
      embedder: { id: 'mobilefacenet+fr-feature', version: '1' },
      seed: 1,
      people: [
        { name: 'franck', photos: 2 },
        { name: 'mirrored', photos: 2 },
        { name: 'third', photos: 2 },
      ],
      refused: [{ person: 'third', path: join(path, 'third', 'notes.jpg'), code: 'IMAGE_UNREADABLE' }],
      copies: [{ path: join(path, 'franck', '2.jpg'), of: join(path, 'franck', '0.jpg') }],
      split: { folds: 3 },
      naming: {
        threshold: [expect.closeTo(1.057, 3), expect.closeTo(1.057, 3)] as unknown,
        photos: [2, 2],
        falseNameRate: 0.001,
      },
      plain: { probes: 6, strangers: 6 },
      // All show one man: nothing can tell these three from each other.
      switchedOn: false,
      earlierHead: false,
    });
    expect((report.trained as { name: string }[]).map(({ name }) => name)).toEqual([
      'linear-svm',
      'rbf-svm',
      'knn',
    ]);
    expect(existsSync(join(data, 'heads'))).toBe(false);
  });
});

const images = join(sharedData, 'lfw-view1', 'images');

describe('on real photos of ten people', { tags: ['lfw'] }, () => {
  const names = [
    ...['Amelie_Mauresmo', 'Bill_Frist', 'Dominique_de_Villepin', 'Donald_Rumsfeld', 'Ian_Thorpe'],
    ...['Jacques_Chirac', 'John_Bolton', 'Leonid_Kuchma', 'Paul_Martin', 'Tang_Jiaxuan'],
  ];

  it('prints a report, and heads can be listed and switched off', async () => {
    const path = join(folder.path, 'ten');
    for (const name of names) await cp(join(images, name), join(path, name), { recursive: true });
    const { code, stdout } = await sightline(['train', 'siamese', '--data', path, '--gallery', data]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^siamese head for mobilefacenet\+fr-feature version 1, seed 1$/m);
    expect(stdout).toMatch(/^10 people, \d\d photos: Amelie_Mauresmo \d/m);
    expect(stdout).toMatch(/^plain distance +\d+\.\d %/m);
    expect(stdout).toMatch(/^siamese +\d+\.\d %/m);
    expect(stdout).toMatch(/^The siamese head is not switched on$/m);
    const list = await sightline(['heads', 'list', '--data', data]);
    expect(list.stdout).toMatch(/^siamese +off$/m);
    expect((await sightline(['heads', 'off', 'siamese', '--data', data])).stdout).toMatch(/was not on/);
    expect((await sightline(['heads', 'off', 'nose', '--data', data])).code).toBe(2);
  });
});
