import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../../src/core/geometry.js';
import { optimise } from '../../../src/models/convert/optimise.js';
import { readNetwork } from '../../../src/models/convert/read-tflite.js';

import { writeOnnx } from '../../../src/models/convert/write-onnx.js';
import { findAsset, isPackaged, loadManifest } from '../../../src/models/manifest.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { unpackPackage } from '../../../src/models/npm-package.js';
import { Tensor, type InferenceSession } from '../../../src/models/onnx-runtime.js';
import { cropOf, exchangeAxes, landmarksIn, likeness, openNetwork, run, toTensor } from './faces.js';
import { sharedData } from '../../helpers/prerequisites.js';

const networkIds = ['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet', 'mobilefacenet'] as const;
const square = (x: number, y: number, side: number): Box => ({ x, y, width: side, height: side });
/** Faces in the test photos, found once by BlazeFace and looked at. */
const faces = [
  ['sample-1', square(387, 396, 207)],
  ['sample-1', square(818, 469, 187)],
  ['sample-2', square(1426, 185, 215)],
  ['sample-3', square(1044, 246, 249)],
  ['sample-4', square(949, 224, 201)],
  ['sample-6', square(1165, 352, 234)],
] as const;
const franck = [
  ['demo-franck-01829', square(236, 176, 305)],
  ['demo-franck-04117', square(201, 155, 337)],
  ['demo-franck-02221', square(261, 171, 318)],
] as const;

let paths: Map<string, string>;
let networks: Record<(typeof networkIds)[number], InferenceSession>;

const pathOf = (id: string): string => paths.get(id) ?? id;

beforeAll(async () => {
  const media = [...faces, ...franck].map(([id]) => id);
  paths = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure([...networkIds, ...media]);
  const opened = await Promise.all(
    networkIds.map(async (id) => [id, await openNetwork(pathOf(id))] as const),
  );
  networks = Object.fromEntries(opened) as typeof networks;
});

describe('input and output', () => {
  it.each([
    ['mtcnn-pnet', [1, 3, 31, 47], { prob: [1, 2, 11, 19], reg: [1, 4, 11, 19] }],
    ['mtcnn-rnet', [5, 3, 24, 24], { prob: [5, 2], reg: [5, 4] }],
    ['mtcnn-onet', [5, 3, 48, 48], { prob: [5, 2], reg: [5, 4], points: [5, 10] }],
    ['mobilefacenet', [5, 3, 112, 112], { embedding: [5, 192] }],
  ] as const)('%s takes %j and gives %j', async (id, shape, expected) => {
    const size = shape.reduce<number>((product, length) => product * length, 1);
    const outputs = await networks[id].run({
      input: new Tensor('float32', new Float32Array(size), [...shape]),
    });
    expect(Object.fromEntries(Object.entries(outputs).map(([name, { dims }]) => [name, dims]))).toEqual(
      expected,
    );
  });
});

describe('optimised networks', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sightline-networks-'));
    const assets = networkIds.map((id) => findAsset(loadManifest().filter(isPackaged), id));
    const [first] = assets;
    if (first)
      await unpackPackage(
        first.package,
        first.version,
        assets.map(({ path }) => path),
        folder,
      );
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(networkIds)('%s agrees with the plain one', async (id) => {
    const { path, conversion } = findAsset(loadManifest().filter(isPackaged), id);
    if (conversion.kind !== 'tflite-to-onnx') throw new Error(`${id} is not converted`);
    const network = readNetwork(await readFile(join(folder, path)), conversion.axisOrder, conversion.outputs);
    const [plain, optimised] = await Promise.all(
      [network, optimise(network)].map((each) => openNetwork(writeOnnx(each, conversion.inputShape))),
    );
    const shape = conversion.inputShape.map((size, axis) =>
      typeof size === 'number' ? size : axis === 0 ? 2 : 61 + axis,
    );
    const input = new Tensor('float32', noise(shape.reduce((product, length) => product * length, 1)), shape);
    if (!plain || !optimised) throw new Error('no session');
    const [expected, received] = [await run(plain, input), await run(optimised, input)];
    for (const name of conversion.outputs)
      expect(largestDifference(expected[name], received[name])).toBeLessThan(2e-5);
  });
});

describe('MTCNN on upright pictures', () => {
  it.each(faces)(
    'P-Net fires on the face of %s at %o, and less on the transposed picture',
    async (id, box) => {
      const image = await cropOf(pathOf(id), box, 12, 12);
      const [upright, transposed] = await Promise.all(
        [image, exchangeAxes(image)].map(
          async (each) => (await run(networks['mtcnn-pnet'], toTensor(each))).prob?.[1] ?? NaN,
        ),
      );
      expect(upright).toBeGreaterThan(0.6);
      expect(upright).toBeGreaterThan(transposed ?? NaN);
    },
  );

  it.each(faces)('R-Net and O-Net tell the face of %s at %o from a corner of the photo', async (id, box) => {
    for (const [network, side] of [
      [networks['mtcnn-rnet'], 24],
      [networks['mtcnn-onet'], 48],
    ] as const) {
      const score = async (part: Box) =>
        (await run(network, toTensor(await cropOf(pathOf(id), part, side, side)))).prob?.[1];
      expect(await score(box)).toBeGreaterThan(0.7);
      expect(await score(square(0, 0, 150))).toBeLessThan(0.1);
    }
  });

  it.each(faces)('O-Net puts the landmarks of %s at %o as the image shows them', async (id, box) => {
    const landmarks = await landmarksIn(await cropOf(pathOf(id), box, 96, 96), networks['mtcnn-onet']);
    const [leftEye, rightEye, nose, leftMouth, rightMouth] = landmarks;
    expect(rightEye.x - leftEye.x).toBeGreaterThan(15);
    expect(rightMouth.x - leftMouth.x).toBeGreaterThan(10);
    expect(nose.y).toBeGreaterThan((leftEye.y + rightEye.y) / 2 + 5);
    expect((leftMouth.y + rightMouth.y) / 2).toBeGreaterThan(nose.y + 5);
  });
});

describe('MobileFaceNet', () => {
  const models = () => ({ onet: networks['mtcnn-onet'], embedder: networks.mobilefacenet });

  it('finds stills of one person alike, and those of others not', async () => {
    const crop = ([id, box]: readonly [string, Box]) => cropOf(pathOf(id), box, box.width, box.height);
    const stills = await Promise.all(franck.map(crop));
    const others = await Promise.all(faces.map(crop));
    const [first, ...rest] = stills;
    if (!first) throw new Error('no still');
    const same = await Promise.all(rest.map((still) => likeness([first, still], models())));
    const different = await Promise.all(others.map((other) => likeness([first, other], models())));
    expect(Math.min(...same)).toBeGreaterThan(0.6);
    expect(Math.max(...different)).toBeLessThan(0.377);
  });
});

const lfw = join(sharedData, 'lfw-view1');

describe('MobileFaceNet on LFW view 1', { tags: ['lfw'] }, () => {
  it('tells 95 of 100 pairs apart at the threshold of its card', async () => {
    const models = { onet: networks['mtcnn-onet'], embedder: networks.mobilefacenet };
    const pairs = readPairs();
    let right = 0;
    for (const { files, same } of pairs) {
      // LFW centres the faces.
      const [a, b] = await Promise.all(
        files.map((file) => cropOf(file, { x: 72, y: 68, width: 106, height: 120 }, 106, 120)),
      );
      if (a && b && (await likeness([a, b], models)) > 0.377 === same) right++;
    }
    expect(pairs).toHaveLength(100);
    expect(right).toBeGreaterThanOrEqual(95);
  });
});

/** Every tenth pair of the development set: 50 of one person, 50 of two. */
function readPairs(): { files: string[]; same: boolean }[] {
  const lines = readFileSync(join(lfw, 'pairsDevTest.txt'), 'utf8').trim().split('\n').slice(1);
  const file = (name = '', index = '') => join(lfw, 'images', name, `${name}_${index.padStart(4, '0')}.jpg`);
  return lines
    .filter((_, index) => index % 10 === 0)
    .map((line) => {
      const [name, index, second = '', third] = line.trim().split('\t');
      return third === undefined
        ? { files: [file(name, index), file(name, second)], same: true }
        : { files: [file(name, index), file(second, third)], same: false };
    });
}

/** Values in −1…1 that are the same at every run. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function largestDifference(
  a: Float32Array = new Float32Array(),
  b: Float32Array = new Float32Array(),
): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? NaN))), 0);
}
