import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { l2Normalise } from '../../../../src/core/distance.js';
import type { Embedding } from '../../../../src/core/face.js';
import type { NewFace } from '../../../../src/core/gallery-store.js';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import { SqliteGalleryStore } from '../../../../src/storage/sqlite/gallery-store.js';
import { spec } from '../faces.js';
import { patienceMs } from '../../../helpers/patience.js';

let folder: string;
let store: SqliteGalleryStore;
let gallery: Gallery | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-gallery-'));
  store = new SqliteGalleryStore(join(folder, 'gallery.db'));
});
afterEach(async () => {
  vi.useRealTimers();
  await gallery?.close();
  gallery = undefined;
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openGallery(onError: (error: unknown) => void = () => {}): Promise<Gallery> {
  gallery = await Gallery.open({ store, spec, onError });
  return gallery;
}

/** The unit vector along one axis, leaning a little towards another. */
function axis(along: number, lean = 0): Float32Array {
  const vector = new Float32Array(192);
  vector[along] = 1;
  vector[(along + 1) % 192] = lean;
  return l2Normalise(vector);
}

function face(vector: Float32Array, model: Embedding['model'] = spec.model): NewFace {
  const photo = `photo ${[...vector].findIndex((value) => value > 0)} ${vector.join()}`;
  return {
    photoName: photo,
    photoHash: photo,
    quality: 1,
    embedding: { model, vector },
    crop: { png: new Uint8Array(3), landmarks: arcFaceTemplate },
  };
}

describe('Gallery', () => {
  it('matches against what the store holds, each person by their nearest photo', async () => {
    await store.addFace('Ana', face(axis(0)));
    await store.addFace('Ana', face(axis(5)));
    await store.addFace('Ben', face(axis(1)));
    const neighbours = await (await openGallery()).match(axis(5, 0.1), 3);
    expect(neighbours.map(({ person }) => person.name)).toEqual(['Ana', 'Ben']);
    expect(neighbours[0]!.distance).toBeCloseTo(0.1, 2);
    expect(neighbours[1]!.distance).toBeCloseTo(Math.SQRT2, 5);
    expect(await gallery!.match(axis(5), 1)).toHaveLength(1);
    expect(gallery!.faces).toBe(3);
    expect(gallery!.people).toBe(2);
    expect(gallery!.mismatch).toBeUndefined();
  });

  it('erases people and photos from memory and from the store', async () => {
    const ana = await store.addFace('Ana', face(axis(0)));
    const ben = await store.addFace('Ben', face(axis(1)));
    await openGallery();
    const { revision } = gallery!;
    const names = async () => (await gallery!.match(axis(0), 3)).map(({ person }) => person.name);
    expect(await gallery!.removePerson(ana.person.id)).toBe(true);
    expect(await names()).toEqual(['Ben']);
    expect(await gallery!.removeFace(ben.face.id)).toBe(true);
    expect(await names()).toEqual([]);
    expect(await store.persons()).toMatchObject([{ name: 'Ben', faces: 0 }]);
    expect(gallery!.revision).toBeGreaterThan(revision);
  });

  it('counts faces of other models and does not compare them', async () => {
    await store.addFace('Ana', face(axis(0)));
    await store.addFace('Ben', face(axis(1), { id: spec.model.id, version: '0' }));
    await store.addFace('Cem', face(new Float32Array(512).fill(1), { id: 'other-net', version: '1' }));
    const { mismatch } = await openGallery();
    const found = await gallery!.match(axis(1), 5);
    expect(found.map(({ person }) => person.name)).toEqual(['Ana']);
    expect(mismatch).toMatchObject({ code: 'GALLERY_MODEL_MISMATCH' });
    expect(mismatch!.message).toMatch(/1 of model mobilefacenet version 0/);
    expect(mismatch!.message).toMatch(/1 of model other-net version 1/);
  });

  it('takes in what another process enrols within about a second', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await openGallery();
    const before = gallery!.revision;
    const other = new SqliteGalleryStore(join(folder, 'gallery.db'));
    await other.addFace('Ana', face(axis(0)));
    await other.close();
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(gallery!.revision).toBeGreaterThan(before), patienceMs);
    expect((await gallery!.match(axis(0), 1))[0]?.person.name).toBe('Ana');
  });

  it('keeps what it has, and tells, when the store cannot be read later', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await store.addFace('Ana', face(axis(0)));
    const onError = vi.fn();
    await openGallery(onError);
    vi.spyOn(store, 'changedElsewhere').mockRejectedValue(new Error('the disk is gone'));
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), patienceMs);
    expect(await gallery!.match(axis(0), 1)).toHaveLength(1);
  });

  it('reads a change again that it could not read', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const ana = await store.addFace('Ana', face(axis(0)));
    const onError = vi.fn();
    await openGallery(onError);
    const other = new SqliteGalleryStore(join(folder, 'gallery.db'));
    await other.removePerson(ana.person.id);
    await other.close();
    vi.spyOn(store, 'entries').mockImplementationOnce(() => {
      throw new Error('too many open files');
    });
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), patienceMs);
    expect(gallery!.people).toBe(1);
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(gallery!.people).toBe(0), patienceMs);
  });

  it('loses no face that is added while it reads', async () => {
    await store.addFace('Ana', face(axis(0)));
    await openGallery();
    const reading = gallery!.reload();
    const { person, face: stored } = await store.addFace('Ben', face(axis(1)));
    gallery!.add({ faceId: stored.id, person, role: 'example', vector: axis(1) });
    await reading;
    expect(gallery!.faces).toBe(2);
  });

  it('brings nothing back that is erased while it reads', async () => {
    const ana = await store.addFace('Ana', face(axis(0)));
    const ben = await store.addFace('Ben', face(axis(1)));
    await store.addFace('Cem', face(axis(2)));
    await openGallery();
    const entries = store.entries.bind(store);
    vi.spyOn(store, 'entries').mockImplementation(async function* (model) {
      for await (const portion of entries(model)) {
        // What was read is out of date before it is taken in.
        await gallery!.removePerson(ana.person.id);
        await gallery!.removeFace(ben.face.id);
        yield portion;
      }
    });
    await gallery!.reload();
    expect(gallery!.faces).toBe(1);
    expect((await gallery!.match(axis(0), 3)).map(({ person }) => person.name)).toEqual(['Cem']);
  });

  it('answers from what it has while it reads what another process has changed', async () => {
    const ana = await store.addFace('Ana', face(axis(0)));
    await store.addFace('Ben', face(axis(1)));
    await openGallery();
    const other = new SqliteGalleryStore(join(folder, 'gallery.db'));
    await other.removePerson(ana.person.id);
    await other.addFace('Cem', face(axis(2)));
    await other.close();
    const names = async () => (await gallery!.match(axis(0), 3)).map(({ person }) => person.name).sort();
    const entries = store.entries.bind(store);
    const whileReading: string[][] = [];
    vi.spyOn(store, 'entries').mockImplementation(async function* (model) {
      whileReading.push(await names());
      yield* entries(model);
      whileReading.push(await names());
    });
    await gallery!.reload();
    expect(whileReading).toEqual([
      ['Ana', 'Ben'],
      ['Ana', 'Ben', 'Cem'],
    ]);
    expect(await names()).toEqual(['Ben', 'Cem']);
  });

  it('has a new revision only when what it holds has changed', async () => {
    await store.addFace('Ana', face(axis(0)));
    await openGallery();
    const { revision } = gallery!;
    await gallery!.reload();
    expect(gallery!.revision).toBe(revision);
    await store.addFace('Ana', face(axis(1)));
    await gallery!.reload();
    expect(gallery!.revision).toBeGreaterThan(revision);
  });

  it('takes in counterexamples at once, and does not count them', async () => {
    const { person } = await store.addFace('Ana', face(axis(0)));
    await openGallery();
    const { revision } = gallery!;
    gallery!.add({ faceId: 'not-ana', person, role: 'counterexample', vector: axis(1) });
    expect(gallery!.revision).toBeGreaterThan(revision);
    expect(gallery!.faces).toBe(1);
    expect((await gallery!.match(axis(1), 1))[0]?.rejected).toBe(true);
    expect((await gallery!.match(axis(0), 1))[0]?.rejected).toBe(false);
  });

  it('can be closed twice, also while it reads', async () => {
    for (let photo = 0; photo < 1200; photo++) await store.addFace('Ana', face(axis(0, photo / 1200)));
    await openGallery();
    const reading = gallery!.reload();
    await Promise.all([gallery!.close(), gallery!.close()]);
    await reading;
    expect(gallery!.faces).toBe(1200);
  });
});
