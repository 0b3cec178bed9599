import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { l2Normalise } from '../../../../src/core/distance.js';
import type { Embedding } from '../../../../src/core/face.js';
import type { NewFace } from '../../../../src/core/people-store.js';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import { spec } from '../faces.js';
import { patienceMs } from '../../../helpers/patience.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';

let folder: string;
let store: Storage;
let gallery: Gallery | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-gallery-'));
  store = await openStorage({ data: folder });
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
    await store.people.addFace('Ana', face(axis(0)));
    await store.people.addFace('Ana', face(axis(5)));
    await store.people.addFace('Ben', face(axis(1)));
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
    const ana = await store.people.addFace('Ana', face(axis(0)));
    const ben = await store.people.addFace('Ben', face(axis(1)));
    await openGallery();
    const { revision } = gallery!;
    const names = async () => (await gallery!.match(axis(0), 3)).map(({ person }) => person.name);
    expect(await gallery!.removePerson(ana.person.id)).toBe(true);
    expect(await names()).toEqual(['Ben']);
    expect(await gallery!.removeFace(ben.face.id)).toBe(true);
    expect(await names()).toEqual([]);
    expect(await store.people.persons()).toMatchObject([{ name: 'Ben', faces: 0 }]);
    expect(gallery!.revision).toBeGreaterThan(revision);
  });

  it('counts faces of other models and does not compare them', async () => {
    await store.people.addFace('Ana', face(axis(0)));
    await store.people.addFace('Ben', face(axis(1), { id: spec.model.id, version: '0' }));
    await store.people.addFace('Cem', face(new Float32Array(512).fill(1), { id: 'other-net', version: '1' }));
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
    const other = await openStorage({ data: folder });
    await other.people.addFace('Ana', face(axis(0)));
    await other.close();
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(gallery!.revision).toBeGreaterThan(before), patienceMs);
    expect((await gallery!.match(axis(0), 1))[0]?.person.name).toBe('Ana');
  });

  it('keeps what it has, and tells, when the store cannot be read later', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await store.people.addFace('Ana', face(axis(0)));
    const onError = vi.fn();
    await openGallery(onError);
    vi.spyOn(store, 'revision').mockRejectedValue(new Error('the disk is gone'));
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), patienceMs);
    expect(await gallery!.match(axis(0), 1)).toHaveLength(1);
  });

  it('reads a change again that it could not read', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const ana = await store.people.addFace('Ana', face(axis(0)));
    const onError = vi.fn();
    await openGallery(onError);
    const other = await openStorage({ data: folder });
    await other.people.removePerson(ana.person.id);
    await other.close();
    vi.spyOn(store.people, 'entries').mockImplementationOnce(() => {
      throw new Error('too many open files');
    });
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), patienceMs);
    expect(gallery!.people).toBe(1);
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(gallery!.people).toBe(0), patienceMs);
  });

  it('knows nobody any more who was erased through another gallery, on the same storage or on another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const otherStorage = await openStorage({ data: folder });
    const ana = await store.people.addFace('Ana', face(axis(0)));
    await store.people.addFace('Ben', face(axis(1)));
    const open = (from: Storage) => Gallery.open({ store: from, spec, onError: () => {} });
    const galleries = [await open(store), await open(store), await open(otherStorage)] as const;
    const people = () => galleries.map((each) => each.people);
    await galleries[0].removePerson(ana.person.id);
    expect(people()).toEqual([1, 2, 2]);
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(people()).toEqual([1, 1, 1]));
    const { face: photo } = await otherStorage.people.addFace('Cem', face(axis(2)));
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(people()).toEqual([2, 2, 2]));
    await galleries[2].removeFace(photo.id);
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(people()).toEqual([1, 1, 1]));
    await Promise.all(galleries.map((each) => each.close()));
    await otherStorage.close();
  });

  it('reads nothing again for its own changes, and all for those of others in between', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const ana = await store.people.addFace('Ana', face(axis(0)));
    for (let photo = 0; photo < 30; photo++) await store.people.addFace('Ana', face(axis(3, photo / 30)));
    await openGallery();
    const read = vi.spyOn(store.people, 'entries');
    const asked = vi.spyOn(store, 'revision');
    const poll = async (): Promise<void> => {
      vi.advanceTimersByTime(1000);
      await vi.waitFor(() => expect(asked).toHaveBeenCalled());
      asked.mockClear();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const add = async (name: string, vector: Float32Array) => {
      const { face: added, person, revision } = await store.people.addFace(name, face(vector));
      return () => gallery!.add({ faceId: added.id, person, role: 'example', vector }, revision!);
    };
    // Known in another order than they were stored in.
    const [first, second] = [await add('Ben', axis(1)), await add('Cem', axis(2))];
    second();
    first();
    await gallery!.removeFace(ana.face.id);
    await gallery!.removePerson(ana.person.id);
    await poll();
    expect(read).not.toHaveBeenCalled();
    await store.people.addFace('Dan', face(axis(4)));
    (await add('Eve', axis(5)))();
    await poll();
    await vi.waitFor(() => expect(gallery!.people).toBe(4));
    expect(read).toHaveBeenCalledOnce();
    await poll();
    expect(read).toHaveBeenCalledOnce();
  });

  it('loses no face that is added while it reads', async () => {
    await store.people.addFace('Ana', face(axis(0)));
    await openGallery();
    const reading = gallery!.reload();
    const { person, face: stored, revision } = await store.people.addFace('Ben', face(axis(1)));
    gallery!.add({ faceId: stored.id, person, role: 'example', vector: axis(1) }, revision!);
    await reading;
    expect(gallery!.faces).toBe(2);
  });

  it('brings nothing back that is erased while it reads', async () => {
    const ana = await store.people.addFace('Ana', face(axis(0)));
    const ben = await store.people.addFace('Ben', face(axis(1)));
    await store.people.addFace('Cem', face(axis(2)));
    await openGallery();
    const entries = store.people.entries.bind(store.people);
    vi.spyOn(store.people, 'entries').mockImplementation(async function* (model) {
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
    const ana = await store.people.addFace('Ana', face(axis(0)));
    await store.people.addFace('Ben', face(axis(1)));
    await openGallery();
    const other = await openStorage({ data: folder });
    await other.people.removePerson(ana.person.id);
    await other.people.addFace('Cem', face(axis(2)));
    await other.close();
    const names = async () => (await gallery!.match(axis(0), 3)).map(({ person }) => person.name).sort();
    const entries = store.people.entries.bind(store.people);
    const whileReading: string[][] = [];
    vi.spyOn(store.people, 'entries').mockImplementation(async function* (model) {
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
    await store.people.addFace('Ana', face(axis(0)));
    await openGallery();
    const { revision } = gallery!;
    await gallery!.reload();
    expect(gallery!.revision).toBe(revision);
    await store.people.addFace('Ana', face(axis(1)));
    await gallery!.reload();
    expect(gallery!.revision).toBeGreaterThan(revision);
  });

  it('takes in counterexamples at once, and does not count them', async () => {
    const { person } = await store.people.addFace('Ana', face(axis(0)));
    await openGallery();
    const { revision } = gallery!;
    gallery!.add({ faceId: 'not-ana', person, role: 'counterexample', vector: axis(1) }, 0);
    expect(gallery!.revision).toBeGreaterThan(revision);
    expect(gallery!.faces).toBe(1);
    expect((await gallery!.match(axis(1), 1))[0]?.rejected).toBe(true);
    expect((await gallery!.match(axis(0), 1))[0]?.rejected).toBe(false);
  });

  it('can be closed twice, also while it reads', async () => {
    for (let photo = 0; photo < 1200; photo++) await store.people.addFace('Ana', face(axis(0, photo / 1200)));
    await openGallery();
    const reading = gallery!.reload();
    await Promise.all([gallery!.close(), gallery!.close()]);
    await reading;
    expect(gallery!.faces).toBe(1200);
  });
});
