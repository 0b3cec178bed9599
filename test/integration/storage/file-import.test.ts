import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/app/open-store.js';
import { cameraSchema } from '../../../src/config/schema.js';
import type { Storage } from '../../../src/core/storage.js';
import { applicationId, migrations } from '../../../src/storage/sqlite/schema.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { madeUpHead } from './made-up-heads.js';

let folder: ReturnType<typeof temporaryFolder>;
const open: Storage[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((storage) => storage.close()));
  folder.remove();
});

async function openData(): Promise<Storage> {
  const storage = await openStore(folder.path);
  open.push(storage);
  return storage;
}

const file = (...names: string[]): string => join(folder.path, ...names);
const door = { ...cameraSchema.parse({ url: 'rtsp://u:hunter22@192.0.2.1/' }), id: 'door' };
const entry = { configured: null, camera: door };
const thresholds = {
  configured: { threshold: null, falseNameRate: 0.001, embedder: 'mobilefacenet' },
  stated: { threshold: 0.7, falseNameRate: 0.001 },
};
const token = 'a-token-that-was-made-before';
const camerasJson = JSON.stringify({ version: 1, cameras: { door: entry } });

/** What version 0.1.0 left: a database of its schema, and everything else in files. */
function makeEarlierFolder(): void {
  const database = new Database(file('gallery.db'));
  for (const migration of migrations.slice(0, 3)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 3;
    INSERT INTO persons (id, name, created_at) VALUES ('a', 'Ana', 11);
    UPDATE counters SET value = 7 WHERE name = 'gallery revision'`);
  database.close();
  writeFileSync(file('cameras.json'), camerasJson);
  writeFileSync(file('settings.json'), JSON.stringify({ version: 1, recognition: thresholds }));
  writeFileSync(file('token'), `${token}\n`);
  mkdirSync(file('heads'));
  for (const kind of ['siamese', 'projection', 'classifier'] as const) {
    const { head, network } = madeUpHead(kind);
    writeFileSync(file('heads', `${kind}.json`), `${JSON.stringify(head)}\n`);
    if (network) writeFileSync(file('heads', 'projection.onnx'), network);
  }
}

async function expectEverything(storage: Storage): Promise<void> {
  expect(await storage.people.persons()).toMatchObject([{ name: 'Ana' }]);
  expect(await storage.cameras.list()).toEqual([{ id: 'door', entry }]);
  expect(await storage.settings.load('recognition')).toEqual(thresholds);
  expect(await storage.tokens.keep('owner', 'another-token-made-later')).toBe(token);
  expect(await storage.heads.load('siamese')).toEqual(madeUpHead('siamese').head);
  expect(await storage.heads.projection()).toEqual(madeUpHead('projection'));
  expect(await storage.heads.load('classifier')).toEqual(madeUpHead('classifier').head);
}

/** What is left in the folder beside the database. */
function leftovers(): string[] {
  return readdirSync(folder.path, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('gallery.db'));
}

describe('a data folder of version 0.1.0', () => {
  it('is taken over at the first opening, and its files are gone', async () => {
    makeEarlierFolder();
    const storage = await openData();
    expect(leftovers()).toEqual([]);
    await expectEverything(storage);
    expect(await storage.revision('people')).toBe(7);
    await storage.close();
    await expectEverything(await openData());
  });

  it('is taken over once when two programs open it at once', async () => {
    makeEarlierFolder();
    const [one, other] = await Promise.all([openData(), openData()]);
    await expectEverything(one);
    await expectEverything(other);
    expect(leftovers()).toEqual([]);
  });

  it('is not taken over again when the process was killed before the files were removed', async () => {
    makeEarlierFolder();
    const storage = await openData();
    await storage.cameras.save({ id: 'door', entry: { configured: null, camera: null } });
    await storage.close();
    writeFileSync(file('cameras.json'), camerasJson);
    const database = new Database(file('gallery.db'));
    database.exec("INSERT INTO imported_files VALUES ('cameras.json')");
    database.close();
    const again = await openData();
    expect(await again.cameras.list()).toEqual([{ id: 'door', entry: { configured: null, camera: null } }]);
    expect(existsSync(file('cameras.json'))).toBe(false);
    // The mark went with the file: one that is put there later counts.
    writeFileSync(file('cameras.json'), camerasJson);
    expect(await again.cameras.list()).toEqual([{ id: 'door', entry }]);
  });

  it('is as it was when the process is killed before the transaction is complete', async () => {
    makeEarlierFolder();
    await (await openStore(folder.path)).close();
    writeFileSync(file('cameras.json'), camerasJson);
    const script = `
      const db = new (require('libsql'))(${JSON.stringify(file('gallery.db'))});
      db.exec("BEGIN IMMEDIATE; DELETE FROM cameras; INSERT INTO imported_files VALUES ('cameras.json')");
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
    expect(existsSync(file('cameras.json'))).toBe(true);
    await expectEverything(await openData());
  });

  it.each([
    ['no JSON', '{"version": 1, "cameras": {"door": "rtsp://u:hunter22@h/"'],
    ['another version', '{"version": 2, "cameras": {}}'],
    [
      'a wrong value',
      '{"version":1,"cameras":{"door":{"configured":null,"camera":{"id":"door","url":"rtsp://u:hunter22@h/","fps":"hunter22"}}}}',
    ],
    ['nothing', ''],
  ])('with a broken cameras.json of %s says so, without what is in it, and leaves it', async (_, text) => {
    makeEarlierFolder();
    writeFileSync(file('cameras.json'), text);
    const storage = await openData();
    const error = (await storage.cameras.list().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining(file('cameras.json')) as string,
    });
    expect(error.message + String(error.cause)).not.toContain('hunter22');
    await expect(storage.cameras.save({ id: 'yard', entry })).rejects.toMatchObject({
      code: 'SETTINGS_CORRUPT',
    });
    expect(readFileSync(file('cameras.json'), 'utf8')).toBe(text);
    expect(leftovers()).toEqual(['cameras.json']);
    writeFileSync(file('cameras.json'), camerasJson);
    await expectEverything(storage);
  });

  it('with a broken settings.json says where', async () => {
    writeFileSync(file('settings.json'), '{"version": 1}');
    await expect((await openData()).settings.load('recognition')).rejects.toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining('at recognition') as string,
    });
  });

  it('with broken heads says so, and lets them be switched off or trained again', async () => {
    makeEarlierFolder();
    writeFileSync(file('heads', 'classifier.json'), '{"kind": "classi');
    writeFileSync(file('heads', 'projection.onnx'), 'the network of another training');
    const { heads } = await openData();
    await expect(heads.load('classifier')).rejects.toMatchObject({
      code: 'HEAD_CORRUPT',
      message: expect.stringContaining('classifier.json') as string,
    });
    await expect(heads.projection()).rejects.toMatchObject({ code: 'HEAD_CORRUPT' });
    expect([await heads.has('classifier'), await heads.has('projection')]).toEqual([true, true]);
    expect(await heads.remove('classifier')).toBe(true);
    expect(await heads.load('classifier')).toBeNull();
    const { head, network } = madeUpHead('projection');
    await heads.save(head, network);
    expect(await heads.projection()).toEqual({ head, network });
    expect(leftovers()).toEqual([]);
  });

  it('with a token that was cut off gets another one', async () => {
    writeFileSync(file('token'), 'short\n');
    const made = 'a-token-that-is-long-enough';
    expect(await (await openData()).tokens.keep('owner', made)).toBe(made);
    expect(leftovers()).toEqual([]);
  });
});
