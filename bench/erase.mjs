// How long the main loop is held up while somebody is erased from a large gallery, with and without the worker thread,
// while events go on being kept. Prints JSON. `node bench/erase.mjs [PHOTOS [PEOPLE]]`
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delayed } from 'node:timers/promises';
import { workerUrl } from '../dist/src/core/worker-url.js';
import { SqliteGalleryStore } from '../dist/src/storage/sqlite/gallery-store.js';
import { machine, print } from './statistics.mjs';

const photos = Number(process.argv[2] ?? 4000);
const people = Number(process.argv[3] ?? 40);
const model = { id: 'bench', version: '1' };
const landmarks = [1, 2, 3, 4, 5].map((x) => ({ x, y: x }));

const folder = mkdtempSync(join(tmpdir(), 'sightline-bench-erase-'));
try {
  const results = [];
  for (const thread of ['worker', 'main']) results.push(await measure(thread));
  print({ machine: machine(), date: new Date().toISOString(), photos, people, results });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Erases somebody while an event is kept every 10 ms. */
async function measure(thread) {
  const path = join(folder, thread, 'gallery.db');
  const store = new SqliteGalleryStore(path, thread === 'worker' ? workerUrl('rewrite') : undefined);
  for (let number = 0; number < photos; number++) await store.addFace(`P${number % people}`, face(number));
  const megabytes = Math.round(statSync(path).size / 1e6);
  const [person] = await store.persons();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const writes = [];
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; await delayed(10)) writes.push(timed(store.events.append([event(writes.length)])));
  })();
  delay.enable();
  await delayed(50);
  const started = performance.now();
  await store.removePerson(person.id);
  const eraseMs = performance.now() - started;
  // The delay is noticed when the loop turns again.
  await delayed(50);
  delay.disable();
  isOver = true;
  await writing;
  const waited = await Promise.all(writes);
  await store.close();
  return {
    thread,
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
