import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import type { FaceEmbedder } from '../../../../src/core/face-embedder.js';
import { reEmbed } from '../../../../src/recognition/embedding/re-embedding.js';
import { encodeCrop } from '../../../../src/recognition/embedding/crop.js';
import { noiseCrop, spec, startEmbedder } from '../faces.js';
import type { GalleryEntry } from '../../../../src/core/people-store.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';

/** The same network under a new version: what it gives can be compared. */
const nextSpec = { ...spec, model: { id: spec.model.id, version: 'next' } };

let embedder: FaceEmbedder;
let nextEmbedder: FaceEmbedder;
let folder: string;
let store: Storage;

beforeAll(async () => {
  [embedder, nextEmbedder] = await Promise.all([startEmbedder(), startEmbedder({ spec: nextSpec })]);
});
afterAll(async () => {
  await Promise.all([embedder.close(), nextEmbedder.close()]);
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-re-embed-'));
  store = await openStorage({ data: folder });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Enrols what a seed stands for; gives the id of the face. */
async function enrol(seed: number): Promise<string> {
  const crop = await encodeCrop(noiseCrop(seed));
  const result = await embedder.embed(noiseCrop(seed));
  if (result.status !== 'embedded') throw new Error('Expected an embedding');
  const photo = { photoName: `${seed}`, photoHash: `${seed}`, quality: 1 };
  const { face } = await store.people.addFace(`P${seed}`, { ...photo, embedding: result.embedding, crop });
  return face.id;
}

async function entries(model: typeof spec.model): Promise<GalleryEntry[]> {
  const all: GalleryEntry[] = [];
  for await (const portion of store.people.entries(model)) all.push(...portion);
  return all;
}

describe('reEmbed', () => {
  it('gives every face an embedding of the new model, and keeps the old ones', async () => {
    for (const seed of [1, 2, 3]) await enrol(seed);
    const onProgress = vi.fn();
    const onFailure = vi.fn();
    const done = await reEmbed({ store: store.embeddings, embedder: nextEmbedder, onProgress, onFailure });
    expect(done).toEqual({ embedded: 3, failed: 0, total: 3 });
    expect(onProgress.mock.calls.map(([{ embedded }]) => embedded as number)).toEqual([1, 2, 3]);
    expect(onFailure).not.toHaveBeenCalled();
    expect(await entries(nextSpec.model)).toEqual(await entries(spec.model));
    expect(await store.people.modelCounts(nextSpec.model)).toEqual([]);
  });

  it('goes on where it was stopped', async () => {
    for (const seed of [1, 2, 3]) await enrol(seed);
    const stop = new AbortController();
    const options = { store: store.embeddings, embedder: nextEmbedder, onFailure: () => {} };
    const first = await reEmbed({ ...options, signal: stop.signal, onProgress: () => stop.abort() });
    expect(first).toEqual({ embedded: 1, failed: 0, total: 3 });
    expect(await reEmbed(options)).toEqual({ embedded: 2, failed: 0, total: 2 });
    expect(await reEmbed(options)).toEqual({ embedded: 0, failed: 0, total: 0 });
  });

  it('reports a crop that is no picture, skips it and loses nothing', async () => {
    await enrol(1);
    const { embedding } = (await entries(spec.model)).map(({ vector }) => ({
      embedding: { model: spec.model, vector },
    }))[0]!;
    const crop = { png: Uint8Array.of(1, 2, 3), landmarks: arcFaceTemplate };
    const broken = { photoName: 'b', photoHash: 'b', quality: 1, embedding, crop };
    const { face } = await store.people.addFace('Broken', broken);
    await enrol(2);
    const onFailure = vi.fn();
    const done = await reEmbed({ store: store.embeddings, embedder: nextEmbedder, onFailure });
    expect(done).toEqual({ embedded: 2, failed: 1, total: 3 });
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      face.id,
      expect.objectContaining({ code: 'IMAGE_UNREADABLE' }),
    );
    expect(await entries(spec.model)).toHaveLength(3);
  });

  it('takes in faces that are enrolled meanwhile and passes over those that are erased', async () => {
    await enrol(1);
    const second = await enrol(2);
    const [{ vector }] = (await entries(spec.model)) as [GalleryEntry];
    const third = {
      photoName: '3',
      photoHash: '3',
      quality: 1,
      embedding: { model: spec.model, vector },
    };
    const change = vi.fn(async ({ embedded }: { embedded: number }) => {
      if (embedded > 1) return;
      await store.people.removeFace(second);
      await store.people.addFace('P3', { ...third, crop: (await store.embeddings.crop(faceId))! });
    });
    const faceId = (await store.people.faces((await store.people.persons())[0]!.id))[0]!.id;
    await reEmbed({
      store: store.embeddings,
      embedder: nextEmbedder,
      onFailure: () => {},
      onProgress: (progress) => void change(progress),
    });
    await Promise.all(change.mock.results.map(({ value }) => value as Promise<void>));
    expect((await entries(nextSpec.model)).map(({ person }) => person.name)).toEqual(['P1', 'P3']);
  });

  it('ends when the embedder is closed', async () => {
    await enrol(1);
    const closed = await startEmbedder({ spec: nextSpec });
    await closed.close();
    await expect(
      reEmbed({ store: store.embeddings, embedder: closed, onFailure: () => {} }),
    ).rejects.toMatchObject({ code: 'EMBEDDER_FAILED' });
    expect(await store.embeddings.countWithout(nextSpec.model)).toBe(1);
  });
});
