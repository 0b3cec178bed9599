import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetPaths, cutFaces, franck, greyPicture } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
let photos: string[];
let other: string;
let crowd: string;
let grey: string;

beforeAll(async () => {
  photos = await assetPaths(franck);
  [crowd] = (await assetPaths(['sample-1'])) as [string];
  [other] = (await cutFaces(crowd, folder.path)) as [string];
  grey = await greyPicture(folder.path);
});
afterAll(() => folder.remove());

describe('sightline verify', () => {
  it('takes two photos of one man for the same person', async () => {
    const { code, stdout } = await sightline(['verify', photos[0]!, photos[1]!, '--json']);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as Record<string, number | boolean>;
    expect(Object.keys(answer)).toEqual(['same', 'distance', 'threshold', 'probability', 'prior']);
    expect(answer).toMatchObject({ same: true, threshold: 1.028 });
    expect(answer.distance).toBeLessThan(0.9);
    expect(answer.probability).toBeGreaterThan(0.95);
  });

  it('tells different people apart, in words too', async () => {
    const { code, stdout } = await sightline(['verify', photos[0]!, other]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^Different people: distance 1\.\d{3}, the same needs 1\.028 or less; .* \d\.\d %, if 2\.2 % of such pairs show one\n$/,
    );
  });

  it('obeys the threshold of the configuration', async () => {
    const { stdout } = await sightline(['verify', photos[0]!, photos[1]!, '--json'], {
      SIGHTLINE_RECOGNITION_THRESHOLD: '0.01',
    });
    expect(JSON.parse(stdout)).toMatchObject({ same: false, threshold: 0.01 });
  });

  it.each([
    ['no face', () => grey, /FACE_NOT_FOUND: .*grey\.jpg: Expected/],
    ['several faces', () => crowd, /FACE_AMBIGUOUS: .*sample-1\.jpg: Expected/],
    ['no picture', () => textFile(), /IMAGE_UNREADABLE: .*text\.jpg/],
    ['nothing there', () => '/nowhere.jpg', /IMAGE_NOT_FOUND: .*\/nowhere\.jpg/],
  ])('names the photo at fault: %s', async (_, second, message) => {
    const { code, stderr, stdout } = await sightline(['verify', photos[0]!, second(), '--json']);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    expect(stdout).toBe('');
  });

  it('knows no embedder of that name', async () => {
    const { code, stderr } = await sightline(['verify', photos[0]!, other, '--embedder', 'eigenfaces']);
    expect(stderr).toMatch(/MODEL_NOT_FOUND: Expected [^]*mobilefacenet[^]*"eigenfaces"/);
    expect(code).toBe(2);
  });
});

function textFile(): string {
  const path = join(folder.path, 'text.jpg');
  writeFileSync(path, 'no picture');
  return path;
}
