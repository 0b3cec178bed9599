import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Recognition } from '../../../src/app/recognition.js';
import { loadConfig } from '../../../src/config/load-config.js';
import type { Config } from '../../../src/config/schema.js';
import { writeOnnx } from '../../../src/models/convert/write-onnx.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger, type Logger } from '../../../src/observability/logger.js';
import { encodeCrop } from '../../../src/recognition/embedding/crop.js';
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
