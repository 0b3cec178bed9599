import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delayed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/core/storage.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { event, face, snapshot, track } from '../integration/storage/made-up.js';
import { RunningSightline, startSightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
const [prepared, data] = [join(folder.path, 'prepared'), join(folder.path, 'data')];
const mount = `mount -t tmpfs -o size=40m none '${data}' && cp '${prepared}/gallery.db' '${data}' && exec "$@"`;
let program: RunningSightline;
let url: string;
/** The data folder as it is seen from outside of the program's name space. */
let disk: string;

/** Adds a person with more pictures and events than fit into the room that is kept. */
async function addSomebody(store: Storage, name: string, number: number): Promise<void> {
  const crop = { ...face(number).crop, png: new Uint8Array(30_000).fill(number) };
  const { person } = await store.people.addFace(name, face(number, { crop }));
  for (let seen = 0; seen < 60; seen++) {
    const ref = track(`${name}/r/${seen}`, Date.now());
    const shown = { ...snapshot(), jpeg: new Uint8Array(30_000).fill(number) };
    await store.tracks.recordKnown(ref, person.id, [], shown);
  }
  const text = 'x'.repeat(1500);
  const events = Array.from({ length: 3000 }, (_, index) =>
    event(number * 10_000 + index, {
      personId: person.id,
      time: Date.now(),
      data: { identity: person, text },
    }),
  );
  await store.events.append(events);
}

/** Writes a file until there is no room at all. */
function fillDisk(): void {
  const file = openSync(join(disk, 'filler'), 'a');
  try {
    for (let bytes = 65_536; bytes >= 1; bytes = bytes > 1 ? bytes >> 4 : 0)
      for (let full = false; !full;)
        try {
          writeSync(file, Buffer.alloc(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' });
          full = true;
        }
  } finally {
    closeSync(file);
  }
}

async function ask(path: string, method = 'GET', body?: object): Promise<{ status: number; body: unknown }> {
  const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url + path, { method, ...sent });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

/** Adds people until there is no room for one more. What SQLite's log has taken already is still there for a few. */
async function addUntilRefused(prefix: string): Promise<{ status: number; body: unknown }> {
  for (let number = 0; number < 5000; number++) {
    const answer = await ask('/v1/people', 'POST', { name: `${prefix}${number}` });
    if (answer.status !== 201) return answer;
  }
  throw new Error('The disk did not become full');
}

describe('a full disk', { tags: ['small-disk'] }, () => {
  beforeAll(async () => {
    mkdirSync(data);
    const store = await openStorage({ data: prepared });
    await addSomebody(store, 'Ana', 1);
    await addSomebody(store, 'Ben', 2);
    await store.close();
    const args = ['run', '--port', '0', '--data', data];
    const through = ['unshare', '-rm', 'sh', '-c', mount, 'sh'];
    program = new RunningSightline(args, {}, undefined, through);
    url = await program.serving();
    disk = `/proc/${program.process.pid}/root${data}`;
    while ((await ask('/readyz')).status !== 200) await delayed(50);
  });
  afterAll(async () => {
    await program.stop();
    folder.remove();
  });

  it('is told, and the program is not ready', async () => {
    fillDisk();
    const refused = await addUntilRefused('A');
    expect(refused).toMatchObject({ status: 507, body: { code: 'DISK_FULL' } });
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      body: { ready: false, reasons: ['the disk of the data folder is full, so nothing can be stored'] },
    });
  });

  it('does not keep anybody from being erased over the API', async () => {
    const { body } = await ask('/v1/people');
    const { people } = body as { people: { id: string; name: string }[] };
    const ana = people.find(({ name }) => name === 'Ana')!;
    const events = `/v1/events?person=${ana.id}`;
    expect(JSON.stringify((await ask(events)).body)).toContain('"Ana"');
    expect((await ask(`/v1/people/${ana.id}`, 'DELETE')).status).toBe(204);
    expect((await ask(`/v1/people/${ana.id}`)).status).toBe(404);
    expect(await ask(events)).toMatchObject({ status: 200, body: { events: [] } });
  });

  it('nor by a command beside the program', async () => {
    fillDisk();
    expect((await addUntilRefused('B')).status).toBe(507);
    const through = ['nsenter', '--preserve-credentials', '-U', '-m', '-t', String(program.process.pid)];
    const erase = ['people', 'erase', 'Ben', '--yes', '--data', data];
    const { code, stdout, stderr } = await startSightline(erase, {}, through);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Ben is erased');
    expect(JSON.stringify((await ask('/v1/people')).body)).not.toContain('"Ben"');
  });

  it('is over as soon as there is room, which is kept for the next time', async () => {
    rmSync(join(disk, 'filler'));
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: { ready: true, reasons: [] } });
    expect((await ask('/v1/people', 'POST', { name: 'Cem' })).status).toBe(201);
    expect(statSync(join(disk, 'gallery.db-reserve')).size).toBe(4 * 1024 * 1024);
  });
});
