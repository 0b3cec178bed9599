import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import { arcFaceTemplate } from '../../../src/core/similarity.js';
import type { Storage } from '../../../src/core/storage.js';
import { workerUrl } from '../../../src/core/worker-url.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { SqliteConnection } from '../../../src/storage/sqlite/connection.js';
import { SqliteEventStore } from '../../../src/storage/sqlite/event-store.js';
import { SqlitePeopleStore } from '../../../src/storage/sqlite/people-store.js';
import { event, face, model } from './made-up.js';

vi.mock('../../../src/core/worker-url.js', { spy: true });

let folder: string;
let data: string;
let path: string;
const open: Storage[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-store-'));
  data = join(folder, 'data');
  path = join(data, 'gallery.db');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function openStore(at = data): Promise<Storage> {
  const store = await openStorage({ data: at });
  open.push(store);
  return store;
}

/** Runs code with the store in a process of its own. */
async function elsewhere(work: string): Promise<void> {
  const code = `
    const { openStorage } = await import(process.argv[1]);
    const store = await openStorage({ data: process.argv[2] });
    const embedding = { model: { id: 'test-net', version: '1' }, vector: new Float32Array(4) };
    const crop = { png: new Uint8Array(3), landmarks: [] };
    const face = (photo) => ({ photoName: photo, photoHash: photo, quality: 1, embedding, crop });
    ${work};
    await store.close();`;
  const built = join(packageRoot(), 'dist', 'src', 'storage', 'open-storage.js');
  const args = ['--input-type=module', '-e', code, pathToFileURL(built).href, data];
  await promisify(execFile)(process.execPath, args);
}

describe('the file of a gallery', () => {
  it('leaves no trace of an erased person in its files', async () => {
    const store = await openStore();
    const secret = (factor: number) =>
      Uint8Array.from({ length: 300 }, (_, index) => 1 + ((index * factor) % 251));
    const [photo, crop, snapshot] = [7, 11, 13].map(secret) as [Uint8Array, Uint8Array, Uint8Array];
    const landmarks = arcFaceTemplate;
    const { person } = await store.people.addFace(
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
    const identity = { id: person.id, name: person.name };
    await store.events.append([event(1, { personId: person.id, data: { identity } })]);
    const inFile = (what: string | Uint8Array): boolean => {
      const part = typeof what === 'string' ? what : Buffer.from(what.subarray(0, 50));
      return [path, `${path}-wal`].some((file) => readFileSync(file).includes(part));
    };
    const secrets = ['Zebulon', photo, crop, snapshot];
    expect(secrets.map(inFile)).toEqual([true, true, true, true]);
    await store.people.removePerson(person.id);
    expect(secrets.map(inFile)).toEqual([false, false, false, false]);
  });

  it('answers and takes in what comes while the file is written anew', async () => {
    const store = await openStore();
    const large = { ...face(1).crop, png: new Uint8Array(20_000_000).fill(7) };
    const { person } = await store.people.addFace('Ana', face(1));
    await store.people.addFace('Ben', face(2, { crop: large }));
    let erased = false;
    const erasing = store.people.removePerson(person.id).then(() => (erased = true));
    while ((await store.people.person(person.id)) !== undefined) await nextTurn();
    expect(erased).toBe(false);
    expect((await store.people.persons()).map(({ name }) => name)).toEqual(['Ben']);
    const added = store.people.addFace('Cem', face(3));
    const closed = store.close();
    await Promise.all([erasing, added, closed]);
    expect((await (await openStore()).people.persons()).map(({ name }) => name)).toEqual(['Ben', 'Cem']);
  });

  it('says so when the file cannot be written anew, and goes on', async () => {
    const store = await openStore();
    vi.mocked(workerUrl).mockReturnValueOnce(new URL('file:///nowhere/rewrite.js'));
    const { person } = await store.people.addFace('Ana', face(1));
    await expect(store.people.removePerson(person.id)).rejects.toThrow('Cannot find module');
    await store.people.addFace('Ben', face(2));
    expect((await store.people.persons()).map(({ name }) => name)).toEqual(['Ben']);
  });

  it('is written anew later when there is no room for that now', async () => {
    const store = await openStore();
    const large = { ...face(1).crop, png: new Uint8Array(200_000).fill(7) };
    const { person } = await store.people.addFace('Ana', face(1, { crop: large }));
    const full = `import { parentPort } from 'node:worker_threads';
      parentPort.postMessage({ code: 'SQLITE_FULL', message: 'database or disk is full' });`;
    vi.mocked(workerUrl).mockReturnValueOnce(new URL(`data:text/javascript,${encodeURIComponent(full)}`));
    expect(await store.people.removePerson(person.id)).toBe(true);
    expect(await store.people.persons()).toEqual([]);
    await store.close();
    expect(statSync(path).size).toBeGreaterThan(200_000);
    const again = await openStore();
    await again.tracks.prune({ eventsBefore: 0, unknownBefore: 0 });
    expect(statSync(path).size).toBeLessThan(200_000);
    const rewrites = vi.mocked(workerUrl).mock.calls.length;
    await again.tracks.prune({ eventsBefore: 0, unknownBefore: 0 });
    expect(vi.mocked(workerUrl).mock.calls.length).toBe(rewrites);
  });

  it('waits for the disk with what somebody is answered for, and not with what cameras record', async () => {
    const db = new SqliteConnection(path);
    const level = (): unknown => db.rows('PRAGMA synchronous')[0]?.['synchronous'];
    const [normal, full] = [1, 2];
    const people = new SqlitePeopleStore(db);
    const events = new SqliteEventStore(db);
    expect(level()).toBe(full);
    await events.append([event(1)]);
    expect(level()).toBe(normal);
    await people.addFace('Ana', face(1));
    expect(level()).toBe(full);
    await db.close();
  });

  it('keeps its locks when the process opens it once more, so that another process leaves the log alone', async () => {
    const store = await openStore();
    await store.people.addFace('Ana', face(1));
    await (await openStore()).close();
    await elsewhere(`await store.people.addFace('Ben', face('b'))`);
    // The last connection to close removes the log: one that took itself for the last would break the others.
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect((await store.people.persons()).map(({ name }) => name)).toEqual(['Ana', 'Ben']);
  });

  it('is for the owner only', async () => {
    const store = await openStore();
    await store.people.addFace('Ana', face(1));
    const mode = (file: string): number => statSync(file).mode & 0o777;
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600]);
    expect(mode(join(folder, 'data'))).toBe(0o700);
  });

  it('writes the file anew when a person is erased', async () => {
    const store = await openStore();
    const large = { ...face(1), crop: { ...face(1).crop, png: new Uint8Array(200_000).fill(7) } };
    const { person } = await store.people.addFace('Ana', large);
    await store.people.addFace('Ben', face(2));
    await store.people.removePerson(person.id);
    expect(statSync(path).size).toBeLessThan(200_000);
  });
});

describe('a file that is no gallery', () => {
  async function makeGallery(): Promise<void> {
    const store = await openStore();
    for (let number = 0; number < 300; number++) await store.people.addFace(`P${number}`, face(number));
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
    await expectCorrupt(() => openStore());
  });

  it.each([50, 4096, 30_000])('cut off after %i bytes is reported and left as it is', async (length) => {
    await makeGallery();
    expect(statSync(path).size).toBeGreaterThan(length);
    truncateSync(path, length);
    await expectCorrupt(() => openStore());
  });

  it('of another program is reported and left as it is', async () => {
    mkdirSync(join(folder, 'data'));
    const other = new Database(path);
    other.exec('CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1');
    other.close();
    await expectCorrupt(() => openStore());
  });

  it('of a newer version is reported and left as it is', async () => {
    await makeGallery();
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(999, 60);
    writeFileSync(path, bytes);
    await expectCorrupt(() => openStore());
  });

  it('but damaged inside is reported when it is read, and left as it is', async () => {
    await makeGallery();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096 * 2);
    writeFileSync(path, bytes);
    const readAll = async (): Promise<void> => {
      const store = await openStore();
      for await (const portion of store.people.entries(model)) expect(portion).not.toEqual([]);
    };
    await expectCorrupt(readAll);
  });

  it('in a place that cannot be written is DATA_UNWRITABLE', async () => {
    writeFileSync(join(folder, 'data'), 'a file where the folder should be');
    await expect(openStore()).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
    rmSync(data);
    mkdirSync(path, { recursive: true });
    await expect(openStore()).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
  });
});

describe('several processes at once', () => {
  it('make one gallery and lose nothing', async () => {
    const enrol =
      "for (let n = 0; n < 20; n++) await store.people.addFace('Ana', face(process.pid + ' ' + n))";
    await Promise.all([1, 2, 3].map(() => elsewhere(enrol)));
    expect(await (await openStore()).people.persons()).toMatchObject([{ name: 'Ana', faces: 60 }]);
  });
});
