import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/core/geometry.js';
import { assetPaths, franck, greyPicture } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

interface IdentifiedFace {
  readonly name: string | null;
  readonly personId: string | null;
  readonly distance: number | null;
  readonly box: Box;
  readonly why: string;
}

type Identified = readonly { readonly image: string; readonly faces: readonly IdentifiedFace[] }[];

const folder = temporaryFolder();
const data = join(folder.path, 'data');
/** In Greek, which the labels of a drawing must be able to write. */
const name = 'Φράνκ';
let photos: string[];
let crowd: string;

beforeAll(async () => {
  photos = await assetPaths(franck);
  [crowd] = (await assetPaths(['sample-1'])) as [string];
  for (const photo of photos.slice(0, 2)) {
    const { code } = await sightline(['enroll', photo, '--name', name, '--data', data]);
    expect(code).toBe(0);
  }
});
afterAll(() => folder.remove());

describe('sightline identify', () => {
  it('names a face that it knows and no other', async () => {
    const images = [photos[2]!, crowd, await greyPicture(folder.path)];
    const { code, stdout } = await sightline(['identify', ...images, '--data', data, '--json']);
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as Identified;
    expect(found.map(({ image, faces }) => [image, faces.map((face) => face.name)])).toEqual([
      [images[0], [name]],
      [images[1], [null, null, null]],
      [images[2], []],
    ]);
    const [known] = found[0]!.faces;
    expect(Object.keys(known!)).toEqual(
      expect.arrayContaining([
        'name',
        'personId',
        'box',
        'distance',
        'margin',
        'threshold',
        'quality',
        'why',
      ]),
    );
    expect(Object.keys(known!.box)).toEqual(['x', 'y', 'width', 'height']);
    expect(known!.distance).toBeLessThan(0.9);
    expect(known!.why).toContain(name);
    for (const { personId, distance } of found[1]!.faces) {
      expect(personId).toBeNull();
      expect(distance).toBeGreaterThan(1);
    }
  });

  it('knows nobody with an empty gallery', async () => {
    const { code, stdout } = await sightline([
      ...['identify', photos[2]!, '--json', '--data', join(folder.path, 'empty')],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        faces: [
          {
            name: null,
            personId: null,
            distance: null,
            margin: null,
            why: expect.stringContaining('Nobody') as string,
          },
        ],
      },
    ]);
  });

  it('says a line a face', async () => {
    const { stdout } = await sightline(['identify', photos[2]!, crowd, '--data', data]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /\.jpg: Φράνκ at \(\d+, \d+\)\. The nearest photo is of Φράνκ, at distance 0\.\d\d/,
    );
    for (const line of lines.slice(1))
      expect(line).toMatch(/sample-1\.jpg: unknown at .* a name needs \d\.\d\d or less\.$/);
  });

  it('draws names, and goes on after a picture that it cannot read', async () => {
    const out = join(folder.path, 'drawn');
    const { code, stdout, stderr } = await sightline([
      ...['identify', '/nowhere.jpg', photos[2]!, crowd, '--json', '--data', data, '--draw', out],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/✗ \/nowhere\.jpg: IMAGE_NOT_FOUND/);
    expect((JSON.parse(stdout) as Identified).map(({ image }) => image)).toEqual([photos[2], crowd]);
    const [face] = (JSON.parse(stdout) as Identified)[0]!.faces;
    const drawn = join(out, photos[2]!.split('/').at(-1)!);
    expect(await differenceAlong(photos[2]!, drawn, face!.box)).toBeGreaterThan(60);
    expect(existsSync(join(out, 'sample-1.jpg'))).toBe(true);
  });

  it('writes no drawing over its picture', async () => {
    const { code, stderr } = await sightline(['identify', crowd, '--data', data, '--draw', crowd]);
    expect(stderr).toMatch(/Error USAGE: Expected to draw to another file/);
    expect(code).toBe(2);
  });
});

/** Mean change of a channel on the left edge of a box. */
async function differenceAlong(before: string, after: string, box: Box): Promise<number> {
  const area = { left: Math.round(box.x), top: Math.round(box.y), width: 1, height: Math.round(box.height) };
  const [a, b] = await Promise.all([before, after].map((path) => sharp(path).extract(area).raw().toBuffer()));
  return a!.reduce((sum, value, index) => sum + Math.abs(value - b![index]!), 0) / a!.length;
}
