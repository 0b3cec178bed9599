import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/models/cache.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import {
  weightsOf,
  type AddedEmbedder,
  type Measurement,
} from '../../../src/recognition/embedding/added-embedder.js';
import { encodeCrop } from '../../../src/recognition/embedding/crop.js';
import { EmbedderBook, Embedders } from '../../../src/recognition/embedding/embedders.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { sightline, type Finished } from '../../helpers/sightline.js';
import { noiseCrop } from '../recognition/faces.js';

let folder: string;
let added: AddedEmbedder;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-evaluate-embedder-'));
  const modelsDir = join(folder, 'models');
  await mkdir(modelsDir);
  for (const name of ['mtcnn-pnet.onnx', 'mtcnn-rnet.onnx', 'mtcnn-onet.onnx', 'mobilefacenet.onnx'])
    for (const file of [name, `${name}.json`])
      await symlink(join(defaultCacheDir(), file), join(modelsDir, file));
  const bytes = await readFile(join(modelsDir, 'mobilefacenet.onnx'));
  added = {
    ...{ name: 'mine', addedAt: 1, sha256: sha256(bytes), url: null, layout: 'nchw', oneByOne: false },
    input: {
      ...{ side: 112, color: 'rgb', template: 'arcface-112' },
      ...{ mean: [127.5, 127.5, 127.5], std: [128, 128, 128] },
    },
    ...{ dimension: 192, objection: null, measurement: null },
  };
  await new ModelStore({ cacheDir: modelsDir }).keepAdded(weightsOf(added), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

function evaluate(data: string, ...args: readonly string[]): Promise<Finished> {
  const folders = ['--data', data, '--models-dir', join(folder, 'models')];
  return sightline(['evaluate', 'embedder', ...args, ...folders]);
}

/** A gallery of so many people of noise, each with the same crop in every photo, and the network that is measured. */
async function galleryOf(people: number, photos: number): Promise<string> {
  const data = await mkdtemp(join(folder, 'data-'));
  const store = await openStorage({ data });
  const gone = { model: { id: 'gone', version: '1' }, vector: Float32Array.of(1, 0) };
  for (let person = 0; person < people; person++) {
    const crop = await encodeCrop(noiseCrop(person + 1));
    for (let photo = 0; photo < photos; photo++)
      await store.people.addFace(`Person ${person}`, {
        ...{ photoName: `${photo}.jpg`, photoHash: `${person}-${photo}`, quality: 1, embedding: gone, crop },
      });
  }
  await new EmbedderBook(store.settings).add(added);
  await store.close();
  return data;
}

describe('evaluate embedder', () => {
  it('measures on the people enrolled, and keeps the figures with the network', async () => {
    const data = await galleryOf(55, 4);
    const { code, stdout, stderr } = await evaluate(data, 'mine', '--enrolled', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const measurement = JSON.parse(stdout) as Measurement;
    expect(measurement).toMatchObject({ set: 'the gallery', people: 55, photos: 220, genuinePairs: 330 });
    expect(measurement.thresholds.map(({ extrapolated }) => extrapolated)).toEqual([
      ...[false, false, true, true, true],
    ]);
    const store = await openStorage({ data });
    const embedders = await Embedders.read(store.settings);
    await store.close();
    expect(embedders.requireAdded('mine').measurement).toEqual(measurement);
    expect(embedders.find('mine')).toMatchObject({
      ...{ threshold: measurement.thresholds[2]!.distance, leastMargin: measurement.leastMargin },
    });
    const shown = await sightline(['models', 'show', 'mine', '--data', data]);
    expect(shown.stdout).toMatch(/1e-3 +\d\.\d{3} +100\.0 % +measured\n1e-4 +\d\.\d{3} +\S+ % +extrapolated/);
  });

  it('refuses a gallery or a folder of few people before anything is embedded', async () => {
    const data = await galleryOf(3, 2);
    const few = /EVALUATION_DATA_INSUFFICIENT: Expected 50 people or more, 10000 pairs .* received 3 people/;
    expect((await evaluate(data, 'mine', '--enrolled')).stderr).toMatch(few);
    const set = join(folder, 'set');
    for (const person of ['Ana', 'Ben', 'Cem']) {
      await mkdir(join(set, person), { recursive: true });
      await symlink(join(defaultCacheDir(), 'sample-1.jpg'), join(set, person, '1.jpg'));
    }
    expect((await evaluate(data, 'mine', '--set', set)).stderr).toMatch(few);
    const store = await openStorage({ data });
    expect((await Embedders.read(store.settings)).requireAdded('mine').measurement).toBeNull();
    await store.close();
  });

  it('asks on what to measure, and knows which embedders there are', async () => {
    const data = await galleryOf(1, 1);
    expect((await evaluate(data, 'mine')).stderr).toContain('USAGE: Expected one of --set FOLDER and');
    expect((await evaluate(data, 'yours', '--enrolled')).stderr).toMatch(
      /MODEL_NOT_FOUND: Expected an embedder, one of .*dlib.*, mine, but received "yours"/,
    );
  });
});
