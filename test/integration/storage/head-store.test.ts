import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClassifierHead, ProjectionHead } from '../../../src/core/heads.js';
import { InferenceSession, Tensor } from '../../../src/models/onnx-runtime.js';
import { projectedSpec } from '../../../src/recognition/heads/projection.js';
import { HeadStore } from '../../../src/storage/head-store.js';
import { seededRandom } from '../../../src/training/random.js';
import { trainHead } from '../../../src/training/train-head.js';
import { l2Normalise, euclideanDistance } from '../../../src/core/distance.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { inputOf, twins } from '../../unit/training/made-up.js';

let folder: ReturnType<typeof temporaryFolder>;
let store: HeadStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = new HeadStore(join(folder.path, 'data'));
});
afterEach(() => folder.remove());

const photos = twins(1, 5, 4, seededRandom(1));
const file = (name: string): string => join(folder.path, 'data', 'heads', name);

describe('HeadStore', () => {
  it.each(['siamese', 'projection', 'classifier'] as const)(
    'gives a %s back as it was trained',
    async (kind) => {
      const { head, network } = trainHead(kind, inputOf(photos));
      expect(await store.load(kind)).toBeNull();
      await store.save(head, network);
      expect(await new HeadStore(join(folder.path, 'data')).load(kind)).toEqual(head);
      for (const name of readdirSync(file(''))) expect(statSync(file(name)).mode & 0o077).toBe(0);
      expect(statSync(file('')).mode & 0o077).toBe(0);
    },
  );

  it('switches off, once', async () => {
    const { head, network } = trainHead('projection', inputOf(photos));
    await store.save(head, network);
    expect(await store.remove('projection')).toBe(true);
    expect(await store.load('projection')).toBeNull();
    expect(readdirSync(file(''))).toEqual([]);
    expect(await store.remove('projection')).toBe(false);
  });

  it('refuses a file that is damaged, or has rows of another length', async () => {
    const { head } = trainHead('classifier', inputOf(photos)) as { head: ClassifierHead };
    mkdirSync(file(''), { recursive: true });
    for (const text of [
      '',
      JSON.stringify(head).slice(0, 500),
      JSON.stringify({ ...head, dimension: 128 }),
      JSON.stringify({ ...head, people: head.people.slice(1) }),
      JSON.stringify({ ...head, kind: 'siamese' }),
    ]) {
      writeFileSync(file('classifier.json'), text);
      await expect(store.load('classifier')).rejects.toMatchObject({
        code: 'HEAD_CORRUPT',
        message: expect.stringContaining('classifier.json') as string,
      });
    }
  });

  it('refuses a projection without its network, or with another', async () => {
    const { head, network } = trainHead('projection', inputOf(photos));
    await store.save(head, null);
    await expect(store.load('projection')).rejects.toThrow(/no projection\.onnx/);
    writeFileSync(file('projection.onnx'), network!.subarray(1));
    await expect(store.load('projection')).rejects.toThrow(/of another training/);
  });

  it('says when it cannot write', async () => {
    writeFileSync(join(folder.path, 'data'), 'no folder');
    const { head } = trainHead('siamese', inputOf(photos));
    await expect(store.save(head, null)).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
  });
});

describe('the network of a projection', () => {
  it('takes a batch, and brings look-alikes apart in ONNX Runtime as in training', async () => {
    const input = inputOf(photos);
    const { head, network } = trainHead('projection', input) as {
      head: ProjectionHead;
      network: Uint8Array;
    };
    const session = await InferenceSession.create(network);
    const batch = new Float32Array(photos.length * head.dimension);
    photos.forEach(({ vector }, index) => batch.set(vector, index * head.dimension));
    const feeds = { embedding: new Tensor('float32', batch, [photos.length, head.dimension]) };
    const { projected } = await session.run(feeds);
    expect(projected!.dims).toEqual([photos.length, head.outputDimension]);
    const vectors = photos.map((_, index) =>
      l2Normalise(
        (projected!.data as Float32Array).slice(index * head.dimension, (index + 1) * head.dimension),
      ),
    );
    // Photos 0–3 show one twin, 4–7 the other.
    const gap = (of: readonly Float32Array[]): number =>
      euclideanDistance(of[0]!, of[4]!) - euclideanDistance(of[0]!, of[1]!);
    expect(gap(vectors)).toBeGreaterThan(gap(photos.map(({ vector }) => vector)) + 0.1);
    expect(projectedSpec(input.spec, head).model.version).toBe(`1+${head.hash}`);
  });
});
