import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { face } from './made-up.js';

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
const open: Storage[] = [];
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, 'data');
});
afterEach(async () => {
  for (const process of started.splice(0)) process.kill('SIGKILL');
  await Promise.all(open.splice(0).map((storage) => storage.close()));
  folder.remove();
});

async function openExclusive(at = data): Promise<Storage> {
  const storage = await openStorage({ data: at, exclusive: true });
  open.push(storage);
  return storage;
}

/** A process that holds the data folder; resolves once it does. */
async function holdElsewhere(): Promise<ChildProcess> {
  const code = `
    const { openStorage } = await import(process.argv[1]);
    await openStorage({ data: process.argv[2], exclusive: true });
    process.stdout.write('held');
    setInterval(() => {}, 60_000);`;
  const built = pathToFileURL(join(packageRoot(), 'dist', 'src', 'storage', 'open-storage.js')).href;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code, built, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(holder);
  const [text] = (await once(holder.stdout, 'data')) as [Buffer];
  expect(text.toString()).toBe('held');
  return holder;
}

it('refuses a second program that watches cameras, in another process', async () => {
  const holder = await holdElsewhere();
  await expect(openExclusive()).rejects.toMatchObject({
    code: 'DATA_IN_USE',
    message: expect.stringContaining(data) as string,
  });
  holder.kill('SIGTERM');
  await once(holder, 'exit');
  await (await openExclusive()).people.addFace('Ana', face(1));
});

it('is free again at once when the holder is killed', async () => {
  const holder = await holdElsewhere();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await (await openExclusive()).people.persons()).toEqual([]);
});

it('refuses a second one in the same process, and each time', async () => {
  const first = await openExclusive();
  for (let attempt = 0; attempt < 3; attempt++)
    await expect(openExclusive()).rejects.toMatchObject({ code: 'DATA_IN_USE' });
  await first.close();
  await openExclusive();
});

it('lets other commands work beside it, and a copy of the folder be used', async () => {
  await holdElsewhere();
  const beside = await openStorage({ data });
  open.push(beside);
  await beside.people.addFace('Ana', face(1));
  await beside.close();
  const copy = join(folder.path, 'copy');
  cpSync(data, copy, { recursive: true });
  expect(await (await openExclusive(copy)).people.persons()).toMatchObject([{ name: 'Ana' }]);
});

it('gives the folder back when what is in it cannot be opened', async () => {
  mkdirSync(data);
  writeFileSync(join(data, 'gallery.db'), 'no gallery');
  await expect(openExclusive()).rejects.toMatchObject({ code: 'GALLERY_CORRUPT' });
  rmSync(join(data, 'gallery.db'));
  await openExclusive();
});
