import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../src/core/face.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

interface SearchedImage {
  readonly image: string;
  readonly width: number;
  readonly height: number;
  readonly faces: readonly Detection[];
}

const folder = temporaryFolder();
let photos: string[];
let photo: string;

beforeAll(async () => {
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  photos = [...(await models.ensure([1, 2, 3, 4, 5, 6].map((number) => `sample-${number}`))).values()];
  photo = photos[0]!;
});
afterAll(() => folder.remove());

async function detectJson(...args: string[]): Promise<SearchedImage[]> {
  const { stdout, code } = await sightline(['detect', '--json', ...args]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as SearchedImage[];
}

describe('sightline detect', () => {
  it('finds with MTCNN the 23 faces that its reference finds on the six photos', async () => {
    const found = await detectJson('--detector', 'mtcnn', '--min-face', '20', ...photos);
    expect(found.map(({ image }) => image)).toEqual(photos);
    expect(found.flatMap(({ faces }) => faces)).toHaveLength(23);
    const { width, height } = await sharp(photo).metadata();
    expect(found[0]).toMatchObject({ width, height });
    for (const { box, score, landmarks } of found.flatMap(({ faces }) => faces)) {
      expect(Object.keys(box)).toEqual(['x', 'y', 'width', 'height']);
      expect(score).toBeGreaterThan(0.5);
      expect(landmarks).toHaveLength(5);
    }
  });

  it('says one line a face, and that there is none', async () => {
    const grey = join(folder.path, 'grey.png');
    await sharp({ create: { width: 320, height: 240, channels: 3, background: '#777' } }).toFile(grey);
    const { stdout, code } = await sightline(['detect', photo, grey]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines.slice(0, 3)) {
      expect(line).toMatch(/sample-1\.jpg: face of \d+×\d+ at \(\d+, \d+\), score [01]\.\d{3}$/);
    }
    expect(lines[3]).toBe(`${grey}: no face`);
    expect(code).toBe(0);
  });

  it('obeys --range and --threshold', async () => {
    const count = async (...args: string[]) =>
      (await detectJson(...photos, ...args)).flatMap(({ faces }) => faces).length;
    const full = ['--detector', 'mediapipe'];
    const usual = await count(...full);
    expect(await count(...full, '--threshold', '0.9')).toBeLessThan(usual);
    expect(await count(...full, '--range', 'short')).toBeLessThan(usual);
  });

  it('reports a picture that it cannot read, and searches the others', async () => {
    const text = join(folder.path, 'text.jpg');
    writeFileSync(text, 'no picture');
    const { stdout, stderr, code } = await sightline(['detect', '--json', '/nowhere.jpg', photo, text]);
    expect((JSON.parse(stdout) as SearchedImage[]).map(({ image }) => image)).toEqual([photo]);
    expect(stderr).toMatch(/\/nowhere\.jpg: IMAGE_NOT_FOUND.*no such file/);
    expect(stderr).toMatch(/text\.jpg: IMAGE_UNREADABLE.*"no picture"/);
    expect(code).toBe(1);
  });

  it.each([
    ['a detector of no known kind', ['--detector', 'cat'], /CONFIG_INVALID[\s\S]*detector\.kind.*"cat"/],
    ['a threshold that is none', ['--threshold', 'high'], /detector\.threshold.*"high"/],
    ['a threshold past 1', ['--threshold', '50'], /detector\.threshold.*50/],
  ])('says what is wrong with %s', async (_, args, expected) => {
    const { code, stderr } = await sightline(['detect', photo, ...args]);
    expect(stderr).toMatch(expected);
    expect(code).toBe(2);
  });
});

describe('sightline detect --draw', () => {
  it('writes the picture with box, score and landmarks', async () => {
    const out = join(folder.path, 'out.jpg');
    const [found] = await detectJson(photo, '--draw', out);
    const [before, after] = await Promise.all(
      [photo, out].map((path) => sharp(path).raw().toBuffer({ resolveWithObject: true })),
    );
    expect(after?.info).toMatchObject({ width: before?.info.width, height: before?.info.height });
    const changeAt = (x: number, y: number): number => {
      const at = (Math.round(y) * found!.width + Math.round(x)) * 3;
      return [0, 1, 2].reduce(
        (sum, channel) => sum + Math.abs(before!.data[at + channel]! - after!.data[at + channel]!),
        0,
      );
    };
    for (const { box, landmarks } of found!.faces) {
      expect(changeAt(box.x, box.y + box.height / 2)).toBeGreaterThan(60);
      for (const { x, y } of landmarks) expect(changeAt(x, y)).toBeGreaterThan(40);
      expect(changeAt(box.x + box.width * 0.1, box.y + box.height * 0.1)).toBeLessThan(40);
    }
  });

  it('takes a folder for several pictures, and makes it', async () => {
    const out = join(folder.path, 'made', 'here');
    const { code } = await sightline(['detect', photo, photos[1]!, '--draw', out]);
    expect(code).toBe(0);
    expect(existsSync(join(out, 'sample-1.jpg'))).toBe(true);
    expect(existsSync(join(out, 'sample-2.jpg'))).toBe(true);
  });

  it('writes over neither a picture given nor another drawing', async () => {
    const other = join(folder.path, 'other');
    mkdirSync(other);
    const [copy, same] = [join(folder.path, 'sample-1.jpg'), join(other, 'sample-1.jpg')];
    await Promise.all([copyFile(photo, copy), copyFile(photo, same)]);
    const before = readFileSync(copy);
    for (const args of [
      [copy, '--draw', copy],
      [copy, photos[1]!, '--draw', folder.path],
      [copy, same, '--draw', join(folder.path, 'drawn')],
    ]) {
      const { code, stderr } = await sightline(['detect', ...args]);
      expect(stderr).toMatch(/Error USAGE: Expected/);
      expect(code).toBe(2);
    }
    expect(readFileSync(copy)).toEqual(before);
  });

  it('says where it cannot write', async () => {
    const { code, stderr } = await sightline([
      'detect',
      photo,
      '--draw',
      join(folder.path, 'no', 'such', 'a.jpg'),
    ]);
    expect(stderr).toMatch(/OUTPUT_UNWRITABLE.*a\.jpg/);
    expect(code).toBe(1);
  });
});
