import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaceIndex } from '../../../../src/recognition/gallery/face-index.js';
import { FaceSearch } from '../../../../src/recognition/gallery/face-search.js';
import { randomFaces, randomUnit } from '../../../helpers/random-faces.js';

const dimension = 192;
/** More numbers than the main loop searches by itself. */
const many = 44_000;
const pool = randomFaces(many, dimension);

/** Every thread started, so that tests can end one as a crash does. */
let threads: Worker[];
const onWorker = (worker: Worker): void => void threads.push(worker);
const onError = vi.fn<(error: unknown) => void>();
let index: FaceIndex;
let opened: { close(): Promise<void> }[];

beforeEach(() => {
  threads = [];
  opened = [];
  onError.mockClear();
  process.on('worker', onWorker);
  index = new FaceIndex(dimension);
});
afterEach(async () => {
  process.off('worker', onWorker);
  for (const each of opened) await each.close();
});

function fill(count: number): ReturnType<typeof randomFaces> {
  const faces = pool.slice(0, count);
  for (const face of faces) index.add(face);
  return faces;
}

function openSearch(): FaceSearch {
  const search = new FaceSearch({ index, onError });
  opened.push(search);
  return search;
}

describe('FaceSearch', () => {
  it('starts no thread for a small gallery', async () => {
    const faces = fill(300);
    const found = await openSearch().nearest(faces[7]!.vector, 1);
    expect(found[0]).toMatchObject({ person: faces[7]!.person, distance: 0 });
    expect(threads).toEqual([]);
  });

  it('answers rightly while the gallery grows from small to large and shrinks again', async () => {
    const search = openSearch();
    const faces = pool;
    const check = async (at: number): Promise<void> => {
      const found = await search.nearest(faces[at]!.vector, 1);
      expect(found[0]).toMatchObject({ person: faces[at]!.person, distance: 0 });
    };
    const growing: Promise<void>[] = [];
    faces.forEach((face, at) => {
      index.add(face);
      if (at % 500 === 0) growing.push(check(at), check(0));
    });
    await Promise.all(growing);
    expect(threads).toHaveLength(1);
    for (let at = many - 1; at > 1000; at--) {
      index.removeFace(faces[at]!.faceId);
      if (at % 5000 === 0) await check(at - 1);
    }
    await check(1000);
  });

  it('is right about what is removed while the thread searches', async () => {
    const faces = fill(many);
    const search = openSearch();
    const probe = faces[10]!.vector;
    await search.nearest(probe, 1);
    const answers = Array.from({ length: 3 }, () => search.nearest(probe, 1));
    // Holds the main loop, so that replies are there but not yet read when the rows in them become others'.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    index.removePerson(faces[10]!.person.id);
    for (const found of await Promise.all(answers)) expect(found).toEqual(index.nearest(probe, 1));
    expect(threads).toHaveLength(1);
  });

  it('finds in the thread what the main loop finds, as the index grows and shrinks', async () => {
    const faces = fill(42_000);
    const search = openSearch();
    const check = async (): Promise<void> => {
      const probe = randomUnit(dimension);
      expect(await search.nearest(probe, 5)).toEqual(index.nearest(probe, 5));
    };
    await check();
    // Past the memory that the thread knew when it started.
    for (const face of pool.slice(42_000)) index.add(face);
    await check();
    for (const { faceId } of faces.slice(0, 1000)) index.removeFace(faceId);
    await check();
    expect(threads).toHaveLength(1);
  });

  it('answers every query although the thread dies, and goes on with a new one', async () => {
    const faces = fill(many);
    const search = openSearch();
    const ask = async (at: number): Promise<unknown> =>
      (await search.nearest(faces[at]!.vector, 1))[0]!.person;
    await ask(0);
    const pending = Promise.all(Array.from({ length: 10 }, (_, at) => ask(at)));
    await threads[0]!.terminate();
    expect(await pending).toEqual(faces.slice(0, 10).map(({ person }) => person));
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), { timeout: 25_000 });
    expect(await ask(20)).toEqual(faces[20]!.person);
    expect(threads).toHaveLength(2);
  });

  it('answers every query although the thread cannot start', async () => {
    const faces = fill(many);
    process.once('worker', (worker) => void worker.terminate());
    const [found] = await openSearch().nearest(faces[5]!.vector, 1);
    expect(found?.person).toEqual(faces[5]!.person);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), { timeout: 25_000 });
  });

  it('answers also when it is closed meanwhile', async () => {
    const faces = fill(many);
    const search = openSearch();
    const pending = search.nearest(faces[5]!.vector, 1);
    await search.close();
    await search.close();
    expect((await pending)[0]?.person).toEqual(faces[5]!.person);
    expect((await search.nearest(faces[6]!.vector, 1))[0]?.person).toEqual(faces[6]!.person);
  });

  it('refuses a vector of another dimension, small or large', async () => {
    fill(3);
    const search = openSearch();
    await expect(search.nearest(new Float32Array(3), 1)).rejects.toThrow(RangeError);
    fill(many);
    await expect(search.nearest(new Float32Array(3), 1)).rejects.toThrow(RangeError);
  });
});
