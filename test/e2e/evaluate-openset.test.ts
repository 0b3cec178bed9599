import { mkdirSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetPaths, cutFaces, franck, greyPicture } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
afterAll(() => folder.remove());

beforeAll(async () => {
  const [crowd, first, second, third, fourth] = (await assetPaths(['sample-1', ...franck])) as [
    ...[string, string, string, string, string],
  ];
  const others = await cutFaces(crowd, folder.path);
  await photos(at('gallery', 'Franck'), [first, second]);
  await photos(at('strangers', 'day'), others);
  await photos(at('strangers', 'night'), [await greyPicture(folder.path)]);
  await photos(at('known', 'day', 'Franck'), [third, fourth]);
  await photos(at('known', 'night', 'Franck'), [await greyPicture(folder.path)]);
  await photos(at('unheard-of', 'Nobody'), others);
});

async function photos(into: string, paths: readonly string[]): Promise<void> {
  mkdirSync(into, { recursive: true });
  await Promise.all(paths.map((path, index) => copyFile(path, join(into, `${index}.jpg`))));
}

function evaluate(...args: string[]) {
  return sightline(['evaluate', 'openset', '--gallery', at('gallery'), ...args]);
}

describe('sightline evaluate openset', () => {
  it('counts strangers who are named and people who are not, by group', async () => {
    const args = ['--strangers', at('strangers'), '--known', at('known'), '--groups'];
    const { code, stdout } = await evaluate(...args, '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { groups: object[] };
    expect(report).toMatchObject({ people: 1, photos: 2, falseNameRate: 0.001, refused: [] });
    expect(report.groups).toMatchObject([
      { group: 'day', fpir: { count: 0 }, fnir: { count: 0, of: 2 }, missed: 0 },
      { group: 'night', fpir: { count: 0, of: 1 }, fnir: { count: 1, of: 1 }, missed: 2 },
      { group: 'all', fnir: { count: 1, of: 3 }, missed: 2 },
    ]);
    const table = await evaluate(...args);
    expect(table.stdout).toMatch(/^enrolled +people: 1, photos: 2, refused: 0$/m);
    expect(table.stdout).toMatch(/^night +0\.00 \(0\.00 to 975\.00\), 0 of 1 +1000\.00/m);
  });

  it('says who is missing from the gallery, and which folder has no group', async () => {
    const unheard = await evaluate('--strangers', at('strangers'), '--known', at('unheard-of'));
    expect(unheard.code).toBe(1);
    expect(unheard.stderr).toContain('Expected photos of Nobody in the gallery');
    const flat = await evaluate('--strangers', at('strangers', 'day'), '--groups');
    expect(flat.code).toBe(1);
    expect(flat.stderr).toContain('Expected a folder for each group');
  });
});
