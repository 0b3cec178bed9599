import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../../src/config/package-root.js';
import { l2Normalise } from '../../../../src/core/distance.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import {
  UnknownPeople,
  type TrackCrop,
  type TrackCrops,
} from '../../../../src/recognition/unknown/unknown-people.js';
import { noiseCrop, spec } from '../faces.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';

let folder: string;
let store: Storage;
let gallery: Gallery;
let people: UnknownPeople;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-unknown-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(mostPeople = 1000): Promise<void> {
  store = await openStorage({ data: folder });
  gallery = await Gallery.open({ store, spec, onError: () => {} });
  people = new UnknownPeople({ store, gallery, spec, mostPeople });
}

async function close(): Promise<void> {
  await Promise.resolve(gallery.close());
  await store.close();
}

/** Somebody's face, a little different at every angle. */
function face(person: number, angle = 0, quality = 0.5): TrackCrop {
  const vector = new Float32Array(spec.dimension);
  vector[person] = 1;
  vector[100 + angle] = 0.3;
  return { quality, vector: l2Normalise(vector), crop: noiseCrop(person) };
}

function track(key: string, faces: TrackCrop[], cameraId = 'door', seenAt = 1000): TrackCrops {
  return { key, cameraId, seenAt, faces };
}

describe('UnknownPeople', () => {
  it('knows a stranger again, on another camera and after a restart', async () => {
    const first = await people.identify(track('door/1', [face(1), face(1, 1)]));
    const other = await people.identify(track('door/2', [face(2)]));
    expect(first).toMatchObject({ number: 1, seen: 1 });
    expect(other.number).toBe(2);
    await close();
    await open();
    const again = await people.identify(track('yard/1', [face(1, 2)], 'yard', 5000));
    expect(again).toEqual({ ...first, seen: 2, lastSeenAt: 5000, cameras: ['door', 'yard'] });
    expect(await store.tracks.unknownPeople()).toEqual([again, other]);
  });

  it('is told by three at a time, on one storage and on two, and all know the same people', async () => {
    const otherStorage = await openStorage({ data: folder });
    const others = [store, otherStorage].map((each) => new UnknownPeople({ store: each, gallery, spec }));
    const readers = [people, ...others];
    for (const [index, reader] of readers.entries())
      expect(await reader.identify(track(`t/${index}`, [face(1, index)]))).toMatchObject({ number: 1 });
    await store.tracks.dismiss((await store.tracks.unknownPerson(1))!.id);
    for (const [index, reader] of readers.entries())
      expect(await reader.identify(track(`u/${index}`, [face(1, index)]))).toMatchObject({
        number: 2,
        seen: index + 1,
      });
    await otherStorage.close();
  });

  it('counts a track once, however often its further crops come', async () => {
    await people.identify(track('door/1', [face(1)]));
    await people.identify(track('door/1', [face(1, 1)]));
    // A poor view of the same track does not make somebody new.
    expect(await people.identify(track('door/1', [face(2)]))).toMatchObject({ number: 1, seen: 1 });
    expect(await store.tracks.unknownPeople()).toHaveLength(1);
  });

  it('gives tracks that come at the same time to one person', async () => {
    const tracks = [1, 2, 3, 4].map((number) => track(`t/${number}`, [face(1, number)]));
    const found = await Promise.all(tracks.map((each) => people.identify(each)));
    expect(found.map(({ number }) => number)).toEqual([1, 1, 1, 1]);
    expect(found.at(-1)!.seen).toBe(4);
  });

  it('keeps ten crops of a person at most', async () => {
    for (let number = 0; number < 15; number++) {
      await people.identify(track(`t/${number}`, [face(1, number, number / 15), face(1, number + 20)]));
    }
    expect(await store.embeddings.countWithout({ id: 'other', version: '1' })).toBe(10);
    expect(await store.tracks.unknownPeople()).toMatchObject([{ seen: 15 }]);
  });

  it('forgets those seen once when there are too many, and still knows the others', async () => {
    await close();
    await open(3);
    await people.identify(track('a/1', [face(0)], 'door', 1));
    await people.identify(track('a/2', [face(0)], 'door', 2));
    for (let person = 1; person < 6; person++)
      await people.identify(track(`b/${person}`, [face(person)], 'door', 10 + person));
    expect((await store.tracks.unknownPeople()).map(({ number }) => number)).toEqual([1, 5, 6]);
    expect(await people.identify(track('c/1', [face(1)], 'door', 20))).toMatchObject({ number: 7 });
    expect(await people.identify(track('c/2', [face(0)], 'door', 21))).toMatchObject({ number: 1, seen: 3 });
  });

  it('gives a name that recognition knows at once', async () => {
    const { id } = await people.identify(track('t/1', [face(1)]));
    expect(await Promise.resolve(gallery.match(face(1).vector, 1))).toEqual([]);
    expect(await people.name(id, ' Ana ')).toEqual({ id, name: 'Ana' });
    expect(await Promise.resolve(gallery.match(face(1).vector, 1))).toMatchObject([
      { person: { id, name: 'Ana' } },
    ]);
    expect(await store.tracks.unknownPeople()).toEqual([]);
    await expect(people.name(id, 'Ben')).rejects.toMatchObject({ code: 'UNKNOWN_PERSON_NOT_FOUND' });
    await expect(people.name(id, '\u0007')).rejects.toMatchObject({ code: 'PERSON_NAME_INVALID' });
    expect(await people.identify(track('t/2', [face(1)]))).toMatchObject({ number: 2 });
  });

  it('forgets whom it is told to forget', async () => {
    const { id } = await people.identify(track('t/1', [face(1)]));
    await store.tracks.dismiss(id);
    expect(await store.tracks.unknownPeople()).toEqual([]);
    expect(await people.identify(track('t/1', [face(1)]))).toMatchObject({ number: 2, seen: 1 });
  });

  it('takes a track to be a known person when it turns out to be one, and hands on that it is not', async () => {
    const { id } = await people.identify(track('t/1', [face(1)]));
    const ana = await people.name(id, 'Ana');
    await people.identify(track('t/2', [face(2)]));
    await people.recognized(track('t/2', [face(2, 1), face(2, 2), face(2, 3)]), ana.id);
    expect(await store.tracks.unknownPeople()).toEqual([]);
    const before = gallery.revision;
    expect(await people.reject('t/2', ana.id)).toBe(2);
    expect(gallery.revision).toBeGreaterThan(before);
    expect(await people.identify(track('t/2', [face(2, 4)]))).toMatchObject({ number: 3, seen: 1 });
  });

  it('does not link a track to an unknown person whom it was said not to be', async () => {
    const { id } = await people.identify(track('t/1', [face(1)]));
    await people.identify(track('t/2', [face(1, 1)]));
    await people.reject('t/2', id);
    expect(await people.identify(track('t/3', [face(1, 1)]))).toMatchObject({ number: 2 });
    expect(await people.identify(track('t/4', [face(1)]))).toMatchObject({ number: 1 });
  });

  it('wants a crop', async () => {
    await expect(people.identify(track('t/1', []))).rejects.toThrow(RangeError);
  });

  it('follows what another process does, and makes one person of what two of them see', async () => {
    const { id } = await people.identify(track('t/1', [face(1)]));
    await elsewhere(`await store.tracks.name(${JSON.stringify(id)}, 'Ana')`);
    expect(await people.identify(track('t/2', [face(1)]))).toMatchObject({ number: 2 });
    const look = `
      for (let n = 0; n < 10; n++) await people.identify({ key: 'other/' + n, cameraId: 'yard', seenAt: n,
        faces: [{ quality: 0.5, vector, crop: { width: 1, height: 1, data: new Uint8Array(3), landmarks: [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 0, y: 1 }, { x: 0, y: 2 }, { x: 1, y: 2 }] } }] })`;
    const here = async () => {
      for (let n = 0; n < 10; n++) await people.identify(track(`here/${n}`, [face(3)]));
    };
    await Promise.all([elsewhere(look), here()]);
    expect(await store.tracks.unknownPeople()).toMatchObject([{ number: 2 }, { number: 3, seen: 20 }]);
  });
});

/** Runs code with the store, and people with it, in a process of its own. */
async function elsewhere(work: string): Promise<void> {
  const built = (...path: string[]) =>
    JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', 'src', ...path)).href);
  const code = `
    const { openStorage } = await import(${built('storage', 'open-storage.js')});
    const { UnknownPeople } = await import(${built('recognition', 'unknown', 'unknown-people.js')});
    const { findEmbedder } = await import(${built('recognition', 'embedding', 'embedder-specs.js')});
    const store = await openStorage({ data: process.argv[1] });
    const people = new UnknownPeople({ store, gallery: null, spec: findEmbedder('mobilefacenet') });
    const vector = Float32Array.of(${face(3).vector.join()});
    ${work};
    await store.close();`;
  const args = ['--input-type=module', '-e', code, folder];
  await promisify(execFile)(process.execPath, args);
}
