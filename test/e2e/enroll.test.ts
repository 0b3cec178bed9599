import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confirm } from '../../src/commands/confirm.js';
import { assetPaths } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
const people = join(folder.path, 'people');
afterAll(() => folder.remove());

beforeAll(async () => {
  const [photo] = (await assetPaths(['demo-franck-01829'])) as [string];
  await mkdir(join(people, 'Franck', '2023'), { recursive: true });
  await copyFile(photo, join(people, 'Franck', '2023', 'IMG_1.JPG'));
  await copyFile(photo, join(people, 'loose.jpg'));
  await writeFile(join(people, 'Franck', 'Thumbs.db'), 'no picture');
});

describe('sightline enroll FOLDER', () => {
  it('shows a plan and does nothing without --yes where there is no terminal', async () => {
    const data = join(folder.path, 'unasked');
    const { code, stdout, stderr } = await sightline(['enroll', people, '--data', data]);
    expect(stdout).toContain('Franck: 1 photo\n');
    expect(stderr).toMatch(/CONFIRMATION_MISSING: .*--yes.*Enrol 1 photo of 1 person\?/);
    expect([code, existsSync(data)]).toEqual([2, false]);
  });

  it('names what was left out, and ends with 1', async () => {
    const data = join(folder.path, 'data');
    const { code, stdout } = await sightline(['enroll', people, '--yes', '--data', data]);
    expect(stdout).toMatch(/left out: .*loose\.jpg lies in nobody’s folder/);
    expect(stdout).toMatch(/left out: .*Thumbs\.db is no picture/);
    expect(stdout).toMatch(/✓ Franck: .*IMG_1\.JPG enrolled\n1 enrolled, 2 left out\n$/);
    expect(code).toBe(1);
    expect((await sightline(['people', 'photos', 'Franck', '--data', data])).stdout).toContain(
      '2023/IMG_1.JPG',
    );
  });
});

describe('a question on a terminal', () => {
  const answered = (answer: string | null): Promise<boolean> => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    if (answer === null) input.end();
    else input.write(`${answer}\n`);
    return confirm('Enrol?', false, { input, output: new PassThrough() });
  };

  it.each([
    ['y', true],
    [' Yes', true],
    ['n', false],
    ['', false],
    ['yesterday', false],
    [null, false],
  ] as const)('is answered by %j', async (answer, isYes) => {
    expect(await answered(answer)).toBe(isYes);
  });
});
