// How long the main loop is held up while somebody is erased from a large gallery and events go on being stored.
// Prints JSON. `node bench/erase.mjs [PHOTOS [PEOPLE]]`
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delayed } from 'node:timers/promises';
import { openStorage } from '../dist/src/storage/open-storage.js';
import { machine, print } from './statistics.mjs';

const photos = Number(process.argv[2] ?? 4000);
const people = Number(process.argv[3] ?? 40);
const model = { id: 'bench', version: '1' };
const landmarks = [1, 2, 3, 4, 5].map((x) => ({ x, y: x }));

const folder = mkdtempSync(join(tmpdir(), 'sightline-bench-erase-'));
try {
  print({ machine: machine(), date: new Date().toISOString(), photos, people, result: await measure() });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Erases somebody while an event is stored every 10 ms. */
async function measure() {
  const data = join(folder, 'data');
  const store = await openStorage({ data });
  for (let number = 0; number < photos; number++)
    await store.people.addFace(`P${number % people}`, face(number));
  const megabytes = Math.round(statSync(join(data, 'gallery.db')).size / 1e6);
  const [person] = await store.people.persons();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const writes = [];
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; await delayed(10)) writes.push(timed(store.events.append([event(writes.length)])));
  })();
  delay.enable();
  await delayed(50);
  const started = performance.now();
  await store.people.removePerson(person.id);
  const eraseMs = performance.now() - started;
  // The delay is noticed when the loop turns again.
  await delayed(50);
  delay.disable();
  isOver = true;
  await writing;
  const waited = await Promise.all(writes);
  await store.close();
  return {
    megabytes,
    eraseMs: Math.round(eraseMs),
    mainLoopHeldUpMs: { p99: round(delay.percentile(99)), max: round(delay.max) },
    longestWriteMs: Math.round(Math.max(0, ...waited)),
    writes: writes.length,
  };
}

async function timed(work) {
  const started = performance.now();
  await work;
  return performance.now() - started;
}

function face(number) {
  const crop = { png: randomBytes(100_000), landmarks };
  const embedding = { model, vector: Float32Array.from({ length: 128 }, Math.random) };
  return { photoName: `${number}.jpg`, photoHash: String(number), quality: 0.5, embedding, crop };
}

function event(number) {
  const id = `E${String(number).padStart(8, '0')}`;
  const about = { cameraId: 'door', trackKey: null, personId: null, people: [] };
  return { id, time: Date.now(), type: 'sightline.track.started', ...about, data: { number } };
}

function round(nanoseconds) {
  return Number((nanoseconds / 1e6).toFixed(1));
}
