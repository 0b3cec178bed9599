import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../../../src/config/package-root.js';
import { FaceIndex } from '../../../../src/recognition/gallery/face-index.js';
import { FaceSearch } from '../../../../src/recognition/gallery/face-search.js';
import { SearchThread } from '../../../../src/recognition/gallery/search-thread.js';
import { randomFaces, randomUnit } from '../../../helpers/random-faces.js';

const workerFile = pathToFileURL(join(packageRoot(), 'dist', 'workers', 'search.js'));
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

function openThread(file = workerFile): SearchThread {
  const thread = new SearchThread({ workerFile: file, memory: index.memory, dimension, onError });
  opened.push(thread);
  return thread;
}

function openSearch(file: URL | undefined = workerFile): FaceSearch {
  const search = new FaceSearch({ index, workerFile: file, onError });
  opened.push(search);
  return search;
}

describe('SearchThread', () => {
  it('finds what the main loop finds, as the index grows and shrinks', async () => {
    const thread = openThread();
    const faces = fill(900);
    const check = async (): Promise<void> => {
      const probe = randomUnit(dimension);
      const query = index.query(probe, 5);
      const found = await thread.candidates(query);
      expect(index.neighbours(query, found!)).toEqual(index.nearest(probe, 5));
    };
    await check();
    // Past the memory that the thread knew when it started.
    for (const face of pool.slice(900, 20_000)) index.add(face);
    await check();
    for (const { faceId } of faces.slice(100)) index.removeFace(faceId);
    await check();
    expect(threads).toHaveLength(1);
  });

  it('settles every query when the thread dies, and goes on with a new one', async () => {
    fill(many);
    const thread = openThread();
    const query = index.query(randomUnit(dimension), 1);
    const answer = await thread.candidates(query);
    const pending = Array.from({ length: 20 }, () => thread.candidates(query));
    await threads[0]!.terminate();
    const replies = await Promise.all(pending);
    expect(replies.at(-1)).toBeUndefined();
    expect(replies.filter(Boolean).every((reply) => reply![0] === answer![0])).toBe(true);
    expect(onError).toHaveBeenCalledOnce();
    expect(await thread.candidates(query)).toEqual(answer);
    expect(threads).toHaveLength(2);
  });

  it('settles every query when the thread cannot start', async () => {
    fill(3);
    const thread = openThread(new URL('missing.js', workerFile));
    const query = index.query(randomUnit(dimension), 1);
    expect(await Promise.all([thread.candidates(query), thread.candidates(query)])).toEqual([
      undefined,
      undefined,
    ]);
    expect(onError).toHaveBeenCalledOnce();
    expect(String((onError.mock.calls[0]![0] as Error).cause)).toMatch(/missing\.js/);
  });

  it('settles what is pending when it is closed, twice if need be, and leaves no thread behind', async () => {
    fill(many);
    const thread = openThread();
    const pending = Array.from({ length: 5 }, () => thread.candidates(index.query(randomUnit(dimension), 1)));
    await Promise.all([thread.close(), thread.close()]);
    await Promise.all(pending);
    // A thread that has ended has no id.
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(await thread.candidates(index.query(randomUnit(dimension), 1))).toBeUndefined();
    expect(threads).toHaveLength(1);
    expect(onError).not.toHaveBeenCalled();
  });
});

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

  it('answers every query although the thread dies or cannot start', async () => {
    const faces = fill(many);
    const search = openSearch();
    await search.nearest(faces[0]!.vector, 1);
    const pending = Array.from({ length: 10 }, (_, at) => search.nearest(faces[at]!.vector, 1));
    await threads[0]!.terminate();
    const people = (await Promise.all(pending)).map(([first]) => first!.person);
    expect(people).toEqual(faces.slice(0, 10).map(({ person }) => person));
    const [found] = await openSearch(new URL('missing.js', workerFile)).nearest(faces[5]!.vector, 1);
    expect(found?.person).toEqual(faces[5]!.person);
    expect(onError).toHaveBeenCalledTimes(2);
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
