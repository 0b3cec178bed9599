import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Recognition } from '../../../src/app/recognition.js';
import { loadConfig } from '../../../src/config/load-config.js';
import type { Config } from '../../../src/config/schema.js';
import { writeOnnx } from '../../../src/models/convert/write-onnx.js';
import { sha256 } from '../../../src/models/cache.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger, type Logger } from '../../../src/observability/logger.js';
import {
  embeddingSpecOf,
  weightsOf,
  type AddedEmbedder,
} from '../../../src/recognition/embedding/added-embedder.js';
import { encodeCrop } from '../../../src/recognition/embedding/crop.js';
import { EmbedderBook } from '../../../src/recognition/embedding/embedders.js';
import type { TrackCrops } from '../../../src/recognition/unknown/unknown-people.js';
import { noiseCrop, spec, startEmbedder } from '../recognition/faces.js';
import { patienceMs } from '../../helpers/patience.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';

/** Somebody's face, and one that is as far from it as can be. */
let face: Float32Array;
let opposite: Float32Array;

beforeAll(async () => {
  const embedder = await startEmbedder();
  const result = await embedder.embed(noiseCrop(1));
  await embedder.close();
  if (result.status !== 'embedded') throw new Error('Expected an embedding');
  face = result.embedding.vector;
  opposite = face.map((value) => -value);
});

let data: string;
let store: Storage;
const log: Logger = createLogger({ level: 'silent', redact: (text) => text });
const info = vi.spyOn(log, 'info');
const models = new ModelStore({ cacheDir: defaultCacheDir() });

beforeEach(async () => {
  info.mockClear();
  data = mkdtempSync(join(tmpdir(), 'sightline-recognition-'));
  store = await openStorage({ data: data });
});
afterEach(async () => {
  await store.close();
  rmSync(data, { recursive: true, force: true });
});
afterAll(() => info.mockRestore());

function configOf(name: string): Promise<Config> {
  const recognition = { embedder: name, workers: 1 };
  return loadConfig({ environment: {}, commandLine: { data, recognition } });
}

function sightingOf(key: string, vector: Float32Array): TrackCrops {
  return { key, cameraId: 'door', seenAt: 1000, faces: [{ quality: 0.9, vector, crop: noiseCrop(1) }] };
}

/** A projection that changes nothing. */
function identity(size: number): Uint8Array {
  const data = new Float32Array(size * size);
  for (let row = 0; row < size; row++) data[row * size + row] = 1;
  const dense = {
    ...({ op: 'dense', inputs: ['input'], output: 'projected' } as const),
    ...{ weights: { shape: [size, size], data }, bias: new Float32Array(size) },
  };
  return writeOnnx({ input: 'input', outputs: ['projected'], layers: [dense] }, ['N', size]);
}

describe('Recognition', () => {
  it('closes while the networks of the next embedder are being fetched', async () => {
    const embedding = { model: spec.model, vector: face };
    const photo = { photoName: 'a.jpg', photoHash: 'a', quality: 1, embedding };
    await store.people.addFace('Ana', { ...photo, crop: await encodeCrop(noiseCrop(1)) });
    const ensure = vi.fn((ids: string | readonly string[]) =>
      ids.includes('dlib') ? new Promise<never>(() => undefined) : models.ensure(ids as readonly string[]),
    );
    const slow = Object.assign(Object.create(models) as ModelStore, { ensure });
    const recognition = await Recognition.open({ config: await configOf('dlib'), models: slow, store, log });
    expect(recognition.model).toMatchObject({ spec: { model: spec.model }, gallery: { faces: 1 } });
    await vi.waitFor(() => expect(ensure.mock.calls.flat(2)).toContain('dlib'), patienceMs);
    await recognition.close();
  });

  it('names with the projection of the embedder before until the faces are embedded again', async () => {
    const network = identity(spec.dimension);
    const hash = createHash('sha256').update(network).digest('hex').slice(0, 8);
    const size = { dimension: spec.dimension, outputDimension: spec.dimension };
    const head = { ...size, hash, model: spec.model, trainedAt: 0, distances: { factor: 1, offset: 0 } };
    await store.heads.save({ ...head, kind: 'projection' }, network);
    const model = { ...spec.model, version: `${spec.model.version}+${hash}` };
    const photo = { photoName: 'a.jpg', photoHash: 'a', quality: 1, embedding: { model, vector: face } };
    await store.people.addFace('Ana', { ...photo, crop: await encodeCrop(noiseCrop(1)) });
    const ensure = (ids: string | readonly string[]): Promise<unknown> =>
      ids.includes('fr-feature') ? new Promise(() => undefined) : models.ensure(ids as readonly string[]);
    const slow = Object.assign(Object.create(models) as ModelStore, { ensure });
    const config = await configOf('mobilefacenet+fr-feature');
    const recognition = await Recognition.open({ config, models: slow, store, log });
    onTestFinished(() => recognition.close());
    const { embedder, gallery } = recognition.model;
    const result = await embedder.embed(noiseCrop(1));
    if (result.status !== 'embedded') throw new Error('Expected an embedding');
    expect(result.embedding.model).toEqual(model);
    const [nearest] = await gallery.match(result.embedding.vector, 1);
    expect(nearest).toMatchObject({ person: { name: 'Ana' }, distance: expect.closeTo(0, 3) as number });
  });

  it('gives each camera its thresholds: its own, else those of all, also after these changed', async () => {
    const config = await configOf(spec.model.id);
    const recognition = await Recognition.open({ config, models, store, log });
    const own = { threshold: null, falseNameRate: 1e-5 };
    const door = recognition.modelsFor(own);
    const garden = recognition.modelsFor({ threshold: null, falseNameRate: null });
    expect([door.model.thresholds, garden.model.thresholds]).toEqual([
      own,
      { threshold: null, falseNameRate: 1e-3 },
    ]);
    const used: unknown[] = [];
    const stops = [door, garden].map((models) => models.onChange(({ thresholds }) => used.push(thresholds)));
    recognition.setThresholds({ threshold: 0.9, falseNameRate: 1e-3 });
    expect(used).toEqual([own, { threshold: 0.9, falseNameRate: 1e-3 }]);
    for (const stop of stops) stop();
    recognition.setThresholds({ threshold: null, falseNameRate: 1e-2 });
    expect(used).toHaveLength(2);
    await recognition.close();
  });

  it('knows strangers again once their faces are embedded again', async () => {
    const gone = { model: { id: 'gone', version: '1' }, vector: Float32Array.of(1, 0) };
    const crop = await encodeCrop(noiseCrop(1));
    const add = [{ quality: 0.9, embedding: gone, crop }];
    const change = { track: sightingOf('old', face), personId: null, add, remove: [], limit: 100 };
    const before = await store.tracks.recordUnknown(change, await store.revision('unknownPeople'));
    const recognition = await Recognition.open({
      config: await configOf(spec.model.id),
      models,
      store,
      log,
    });
    const other = await recognition.people.identify(sightingOf('other', opposite));
    expect(other.id).not.toBe(before!.person.id);
    await vi.waitFor(
      () => expect(info).toHaveBeenLastCalledWith(expect.anything(), 'All faces are embedded again'),
      patienceMs,
    );
    expect(await recognition.people.identify(sightingOf('new', face))).toMatchObject({
      id: before!.person.id,
      seen: 2,
    });
    await recognition.close();
  });
});

describe('Recognition with a network of the user’s', () => {
  let modelsDir: string;
  let ownModels: ModelStore;

  beforeEach(async () => {
    modelsDir = mkdtempSync(join(tmpdir(), 'sightline-own-models-'));
    for (const name of readdirSync(defaultCacheDir()))
      symlinkSync(join(defaultCacheDir(), name), join(modelsDir, name));
    ownModels = new ModelStore({ cacheDir: modelsDir });
    const embedding = { model: spec.model, vector: face };
    const photo = { photoHash: 'a', quality: 1, embedding, crop: await encodeCrop(noiseCrop(1)) };
    for (const photoName of ['a.jpg', 'b.jpg', 'c.jpg'])
      await store.people.addFace('Ana', { ...photo, photoName, photoHash: photoName });
  });
  afterEach(() => rmSync(modelsDir, { recursive: true, force: true }));

  /** Adds fr-feature's file under another name, measured or not. */
  async function addOwn(measured: boolean): Promise<AddedEmbedder> {
    const bytes = readFileSync(await models.ensure('fr-feature'));
    const thresholds = [1.226, 1.151, 1.084].map((distance, index) => {
      return { falseAcceptRate: 10 ** -(index + 2), distance, trueAcceptRate: 0.9, extrapolated: false };
    });
    const counts = { people: 963, photos: 1549, impostorPairs: 1_197_943, genuinePairs: 983 };
    const nearest: [number, number, number] = [1.3, 1.25, 1.2];
    const fit = {
      impostors: { median: 1.4, nearest },
      leastMargin: 0.1,
      confidence: { midpoint: 1.19, slope: 30 },
    };
    const measurement = { set: 'photos', measuredAt: 1, ...counts, thresholds, ...fit };
    const added: AddedEmbedder = {
      ...{ name: 'mine', addedAt: 1, sha256: sha256(bytes), url: null, layout: 'nchw' },
      input: {
        ...{ side: 112, color: 'bgr', template: 'arcface-112' },
        ...{ mean: [127, 127, 127], std: [128, 128, 128] },
      },
      ...{ oneByOne: false, dimension: 512, objection: null, measurement: measured ? measurement : null },
    };
    await ownModels.keepAdded(weightsOf(added), bytes);
    await new EmbedderBook(store.settings).add(added);
    return added;
  }

  const open = async (): Promise<Recognition> =>
    Recognition.open({ config: await configOf('mine'), models: ownModels, store, log });

  it('names people with the embedder before until all faces are embedded again, and goes on after a restart', async () => {
    const added = await addOwn(true);
    const { model } = embeddingSpecOf(added);
    const recognition = await open();
    expect(recognition.model).toMatchObject({ spec: { model: spec.model }, gallery: { faces: 3 } });
    expect(recognition.embeddingAgain).toMatchObject({ embedder: 'mine', failed: 0, total: 3 });
    const switched = new Promise<void>((resolve) =>
      recognition.onChange({ onSwitch: () => resolve(), onThresholds: () => undefined }),
    );
    expect((await recognition.model.gallery.match(face, 1))[0]).toMatchObject({ person: { name: 'Ana' } });
    await switched;
    expect(recognition.model).toMatchObject({
      spec: { model, dimension: 512, threshold: 1.084 },
      gallery: { faces: 3 },
    });
    await vi.waitFor(() => expect(recognition.embeddingAgain).toBeNull(), patienceMs);
    const lines = info.mock.calls.map(([, line]) => line);
    expect(lines).toEqual(['Faces are embedded again from their crops', 'All faces are embedded again']);
    await recognition.close();

    info.mockClear();
    const again = await open();
    expect(again.model).toMatchObject({ spec: { model }, gallery: { faces: 3 } });
    expect(again.embeddingAgain).toBeNull();
    expect(info).not.toHaveBeenCalled();
    await again.close();
  });

  it('also goes on with it while faces are embedded for another one', async () => {
    const { model } = embeddingSpecOf(await addOwn(true));
    const first = await open();
    await vi.waitFor(() => expect(first.embeddingAgain).toBeNull(), patienceMs);
    await first.close();
    const config = await configOf('dlib');
    const recognition = await Recognition.open({ config, models: ownModels, store, log });
    expect([model, spec.model]).toContainEqual(recognition.model.spec.model);
    await vi.waitFor(() => expect(recognition.model.spec.model.id).toBe('dlib'), patienceMs);
    await recognition.close();
  });

  it('does not start with one that nobody has measured, that is not there, or whose file is another', async () => {
    const added = await addOwn(false);
    await expect(open()).rejects.toMatchObject({
      code: 'MODEL_NOT_MEASURED',
      message: expect.stringContaining('sightline evaluate embedder mine --set FOLDER') as string,
    });
    await addOwn(true);
    const { file } = weightsOf(added);
    writeFileSync(join(modelsDir, file), 'another');
    // All faces have its embeddings, so nothing else could answer meanwhile.
    const { model, dimension } = embeddingSpecOf(added);
    for await (const ids of store.embeddings.facesWithout(model))
      for (const id of ids)
        await store.embeddings.addEmbedding(id, { model, vector: new Float32Array(dimension).fill(1) });
    await expect(open()).rejects.toMatchObject({ code: 'MODEL_CHECKSUM_MISMATCH' });
    await ownModels.dropAdded(weightsOf(added));
    await expect(open()).rejects.toMatchObject({ code: 'MODEL_NOT_PULLED' });
    await new EmbedderBook(store.settings).remove('mine');
    await expect(open()).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('but received "mine"') as string,
    });
  });
});
