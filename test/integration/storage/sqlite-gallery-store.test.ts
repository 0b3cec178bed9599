import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workerUrl } from '../../../src/core/worker-url.js';
import { packageRoot } from '../../../src/config/package-root.js';
import type { GalleryEntry, NewFace } from '../../../src/core/gallery-store.js';
import { arcFaceTemplate } from '../../../src/core/similarity.js';
import { SqliteGalleryStore } from '../../../src/storage/sqlite/gallery-store.js';

const model = { id: 'test-net', version: '1' };
let folder: string;
let path: string;
const open: SqliteGalleryStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-store-'));
  path = join(folder, 'data', 'gallery.db');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

function openStore(at = path, rewriteWorkerFile?: URL): SqliteGalleryStore {
  const store = new SqliteGalleryStore(at, rewriteWorkerFile);
  open.push(store);
  return store;
}

function face(number: number, change: Partial<NewFace> = {}): NewFace {
  const vector = Float32Array.of(number, 1, 2, 3);
  const crop = { png: Uint8Array.of(137, 80, number % 256), landmarks: arcFaceTemplate };
  const photo = { photoName: `${number}.jpg`, photoHash: `hash ${number}` };
  return { ...photo, quality: 0.5, embedding: { model, vector }, crop, ...change };
}

async function allEntries(store: SqliteGalleryStore, of = model): Promise<GalleryEntry[]> {
  const entries: GalleryEntry[] = [];
  for await (const portion of store.entries(of)) entries.push(...portion);
  return entries;
}

/** Runs code with the store in a process of its own. */
async function elsewhere(work: string): Promise<void> {
  const code = `
    const { SqliteGalleryStore } = await import(process.argv[1]);
    const store = new SqliteGalleryStore(process.argv[2]);
    const embedding = { model: { id: 'test-net', version: '1' }, vector: new Float32Array(4) };
    const crop = { png: new Uint8Array(3), landmarks: [] };
    const face = (photo) => ({ photoName: photo, photoHash: photo, quality: 1, embedding, crop });
    ${work};
    await store.close();`;
  const built = join(packageRoot(), 'dist', 'src', 'storage', 'sqlite-gallery-store.js');
  const args = ['--input-type=module', '-e', code, pathToFileURL(built).href, path];
  await promisify(execFile)(process.execPath, args);
}

describe('SqliteGalleryStore', () => {
  it('keeps people, photos, embeddings and crops over a restart', async () => {
    const first = openStore();
    const { person, face: stored } = await first.addFace('Ana', face(1));
    await first.addFace('Ana', face(2));
    await first.addFace('李雷', face(3));
    await first.close();
    const store = openStore();
    expect(await store.persons()).toMatchObject([
      { ...person, faces: 2 },
      { name: '李雷', faces: 1 },
    ]);
    expect((await store.faces(person.id)).map(({ photoName }) => photoName)).toEqual(['1.jpg', '2.jpg']);
    expect(await store.embeddings.crop(stored.id)).toEqual(face(1).crop);
    const [entry] = await allEntries(store);
    expect(entry).toEqual({
      faceId: stored.id,
      person,
      role: 'example',
      vector: Float32Array.of(1, 1, 2, 3),
    });
  });

  it('stores a photo of a person once', async () => {
    const store = openStore();
    const once = await store.addFace('Ana', face(1));
    const twice = await store.addFace('Ana', face(2, { photoHash: 'hash 1' }));
    expect(once.added).toBe(true);
    expect(twice).toEqual({ ...once, added: false });
    expect((await store.addFace('Ben', face(1))).added).toBe(true);
    expect(await allEntries(store)).toHaveLength(2);
  });

  it('stores the floats of a vector that is part of a larger buffer', async () => {
    const store = openStore();
    const vector = Float32Array.of(9, 9, 4, 5, 6, 7, 9).subarray(2, 6);
    await store.addFace('Ana', face(1, { embedding: { model, vector } }));
    expect((await allEntries(store))[0]?.vector).toEqual(Float32Array.of(4, 5, 6, 7));
  });

  it('tells the models apart', async () => {
    const store = openStore();
    const other = { id: 'test-net', version: '2' };
    await store.addFace('Ana', face(1));
    await store.addFace('Ana', face(2, { embedding: { model: other, vector: new Float32Array(8) } }));
    expect(await allEntries(store)).toHaveLength(1);
    expect(await store.modelCounts(model)).toEqual([{ model: other, faces: 1 }]);
    const [first] = (await allEntries(store)).map(({ faceId }) => faceId);
    await store.embeddings.addEmbedding(first!, { model: other, vector: new Float32Array(8) });
    expect(await store.modelCounts(other)).toEqual([]);
  });

  it('gives many entries in portions, each once', async () => {
    const store = openStore();
    for (let number = 0; number < 2100; number++) await store.addFace(`P${number % 7}`, face(number));
    const sizes: number[] = [];
    const seen = new Set<string>();
    for await (const portion of store.entries(model)) {
      sizes.push(portion.length);
      for (const { faceId } of portion) seen.add(faceId);
    }
    expect(Math.max(...sizes)).toBeLessThan(2100);
    expect(seen.size).toBe(2100);
  });

  it('removes a photo, and a person with every photo', async () => {
    const store = openStore();
    const { person, face: stored } = await store.addFace('Ana', face(1));
    await store.addFace('Ana', face(2));
    await store.addFace('Ben', face(3));
    expect(await store.removeFace(stored.id)).toBe(true);
    expect(await store.removeFace(stored.id)).toBe(false);
    expect(await store.embeddings.crop(stored.id)).toBeUndefined();
    expect(await store.removePerson(person.id)).toBe(true);
    expect(await store.removePerson(person.id)).toBe(false);
    expect(await store.faces(person.id)).toEqual([]);
    expect((await allEntries(store)).map(({ person: { name } }) => name)).toEqual(['Ben']);
  });

  it.each([
    ['this thread', undefined],
    ['a thread of its own', workerUrl('rewrite')],
  ])('leaves no trace of an erased person in its files, written anew by %s', async (_which, worker) => {
    const store = openStore(path, worker);
    const secret = (factor: number) =>
      Uint8Array.from({ length: 300 }, (_, index) => 1 + ((index * factor) % 251));
    const [photo, crop, snapshot] = [7, 11, 13].map(secret) as [Uint8Array, Uint8Array, Uint8Array];
    const landmarks = arcFaceTemplate;
    const { person } = await store.addFace(
      'Zebulon Unmistakable',
      face(1, { crop: { png: photo, landmarks } }),
    );
    const sighting = { ...face(2), crop: { png: crop, landmarks } };
    for (let number = 0; number < 30; number++) {
      const track = { key: `door/r/${number}`, cameraId: 'door', seenAt: number };
      await store.tracks.recordKnown(track, person.id, [sighting], {
        jpeg: snapshot,
        landmarks,
        quality: 0.5,
      });
    }
    const inFile = (what: string | Uint8Array): boolean => {
      const part = typeof what === 'string' ? what : Buffer.from(what.subarray(0, 50));
      return [path, `${path}-wal`].some((file) => readFileSync(file).includes(part));
    };
    const secrets = ['Zebulon', photo, crop, snapshot];
    expect(secrets.map(inFile)).toEqual([true, true, true, true]);
    await store.removePerson(person.id);
    expect(secrets.map(inFile)).toEqual([false, false, false, false]);
  });

  it('answers and takes in what comes while the file is written anew', async () => {
    const store = openStore(path, workerUrl('rewrite'));
    const large = { ...face(1).crop, png: new Uint8Array(20_000_000).fill(7) };
    const { person } = await store.addFace('Ana', face(1));
    await store.addFace('Ben', face(2, { crop: large }));
    let erased = false;
    const erasing = store.removePerson(person.id).then(() => (erased = true));
    while ((await store.person(person.id)) !== undefined) await nextTurn();
    expect(erased).toBe(false);
    expect((await store.persons()).map(({ name }) => name)).toEqual(['Ben']);
    const added = store.addFace('Cem', face(3));
    const closed = store.close();
    await Promise.all([erasing, added, closed]);
    expect((await openStore().persons()).map(({ name }) => name)).toEqual(['Ben', 'Cem']);
  });

  it('says so when the file cannot be written anew, and goes on', async () => {
    const store = openStore(path, new URL('file:///nowhere/rewrite.js'));
    const { person } = await store.addFace('Ana', face(1));
    await expect(store.removePerson(person.id)).rejects.toThrow('Cannot find module');
    await store.addFace('Ben', face(2));
    expect((await store.persons()).map(({ name }) => name)).toEqual(['Ben']);
  });

  it('makes people without photos, and gives photos to whom they are meant for', async () => {
    const store = openStore();
    const ana = await store.addPerson('Ana');
    expect(ana).toMatchObject({ name: 'Ana', faces: 0 });
    await expect(store.addPerson('Ana')).rejects.toMatchObject({ code: 'PERSON_NAME_TAKEN' });
    const { person, face: photo } = await store.addFace({ id: ana.id }, face(1));
    expect(person).toEqual({ id: ana.id, name: 'Ana' });
    expect(await store.face(photo.id)).toEqual(photo);
    expect(await store.personNamed('Ana')).toEqual({ ...ana, faces: 1 });
    expect(await store.personNamed('ana')).toBeUndefined();
    await store.removePerson(ana.id);
    await expect(store.addFace({ id: ana.id }, face(2))).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
    expect([await store.face(photo.id), await store.person(ana.id)]).toEqual([undefined, undefined]);
    expect(await store.persons()).toEqual([]);
  });

  it('renames a person, unless somebody has that name', async () => {
    const store = openStore();
    const { person } = await store.addFace('Ana', face(1));
    await store.addFace('Ben', face(2));
    await store.rename(person.id, 'Anna');
    await store.rename(person.id, 'Anna');
    expect((await store.persons()).map(({ name }) => name)).toEqual(['Anna', 'Ben']);
    await expect(store.rename(person.id, 'Ben')).rejects.toMatchObject({ code: 'PERSON_NAME_TAKEN' });
    await expect(store.rename('nobody', 'Cem')).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
  });

  it('merges two people; a photo of both is kept once', async () => {
    const store = openStore();
    const { person: ana } = await store.addFace('Ana', face(1));
    const { person: anna } = await store.addFace('Anna', face(1));
    await store.addFace('Anna', face(2));
    await store.merge(anna.id, ana.id);
    expect(await store.persons()).toMatchObject([{ name: 'Ana', faces: 2 }]);
    await store.merge(ana.id, ana.id);
    expect(await allEntries(store)).toHaveLength(2);
    await expect(store.merge(anna.id, ana.id)).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
    await expect(store.merge(ana.id, anna.id)).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
  });

  it('is for the owner only', async () => {
    const store = openStore();
    await store.addFace('Ana', face(1));
    const mode = (file: string): number => statSync(file).mode & 0o777;
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600]);
    expect(mode(join(folder, 'data'))).toBe(0o700);
  });

  it('notices what another process did, and only that', async () => {
    const store = openStore();
    await store.addFace('Ana', face(1));
    expect(await store.changedElsewhere()).toBe(false);
    await elsewhere("await store.addFace('Ben', face('b.jpg'))");
    expect(await store.changedElsewhere()).toBe(true);
    expect(await store.changedElsewhere()).toBe(false);
    expect((await store.persons()).map(({ name }) => name)).toEqual(['Ana', 'Ben']);
  });

  it('notices what another process did right after a change that failed', async () => {
    const store = openStore();
    await store.addFace('Ana', face(1));
    const { person } = await store.addFace('Ben', face(2));
    expect(await store.changedElsewhere()).toBe(false);
    await expect(store.rename(person.id, 'Ana')).rejects.toMatchObject({ code: 'PERSON_NAME_TAKEN' });
    await elsewhere("await store.addFace('Cem', face('c.jpg'))");
    expect(await store.changedElsewhere()).toBe(true);
  });

  it('writes the file anew when a person is erased', async () => {
    const store = openStore();
    const large = { ...face(1), crop: { ...face(1).crop, png: new Uint8Array(200_000).fill(7) } };
    const { person } = await store.addFace('Ana', large);
    await store.addFace('Ben', face(2));
    await store.removePerson(person.id);
    expect(statSync(path).size).toBeLessThan(200_000);
  });

  it('may be closed again', async () => {
    const store = openStore();
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });
});

describe('a file that is no gallery', () => {
  async function makeGallery(): Promise<void> {
    const store = openStore();
    for (let number = 0; number < 300; number++) await store.addFace(`P${number}`, face(number));
    await store.close();
  }

  async function expectCorrupt(attempt: () => Promise<unknown>): Promise<void> {
    const before = readFileSync(path);
    await expect(attempt()).rejects.toMatchObject({
      code: 'GALLERY_CORRUPT',
      message: expect.stringContaining(path) as string,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  }

  it('of garbage is reported and left as it is', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, Buffer.alloc(20_000, 'no database at all '));
    await expectCorrupt(async () => Promise.resolve(openStore()));
  });

  it.each([50, 4096, 30_000])('cut off after %i bytes is reported and left as it is', async (length) => {
    await makeGallery();
    expect(statSync(path).size).toBeGreaterThan(length);
    truncateSync(path, length);
    await expectCorrupt(async () => Promise.resolve(openStore()));
  });

  it('of another program is reported and left as it is', async () => {
    mkdirSync(join(folder, 'data'));
    const other = new Database(path);
    other.exec('CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1');
    other.close();
    await expectCorrupt(async () => Promise.resolve(openStore()));
  });

  it('of a newer version is reported and left as it is', async () => {
    await makeGallery();
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(999, 60);
    writeFileSync(path, bytes);
    await expectCorrupt(async () => Promise.resolve(openStore()));
  });

  it('but damaged inside is reported when it is read, and left as it is', async () => {
    await makeGallery();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096 * 2);
    writeFileSync(path, bytes);
    await expectCorrupt(async () => allEntries(openStore()));
  });

  it('in a place that cannot be written is DATA_UNWRITABLE', () => {
    writeFileSync(join(folder, 'data'), 'a file where the folder should be');
    expect(() => openStore()).toThrow(expect.objectContaining({ code: 'DATA_UNWRITABLE' }));
    expect(() => openStore(folder)).toThrow(expect.objectContaining({ code: 'DATA_UNWRITABLE' }));
  });
});

describe('several processes at once', () => {
  it('make one gallery and lose nothing', async () => {
    const enrol = "for (let n = 0; n < 20; n++) await store.addFace('Ana', face(process.pid + ' ' + n))";
    await Promise.all([1, 2, 3].map(() => elsewhere(enrol)));
    expect(await openStore().persons()).toMatchObject([{ name: 'Ana', faces: 60 }]);
  });
});
