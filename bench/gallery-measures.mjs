// The measurements of bench/gallery.mjs. Vectors are random directions: exact search does the same work on any.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { l2Normalise } from '../dist/src/core/distance.js';
import { findEmbedder } from '../dist/src/recognition/embedding/embedder-specs.js';
import { FaceIndex } from '../dist/src/recognition/gallery/face-index.js';
import { Gallery } from '../dist/src/recognition/gallery/gallery.js';
import { workerUrl } from '../dist/src/core/worker-url.js';
import { InferencePool } from '../dist/src/inference/inference-pool.js';
import { openStorage } from '../dist/src/storage/open-storage.js';
import { percentiles } from './statistics.mjs';

const photosPerPerson = 5;
const wanted = 3;
const changes = 200;
const loopResolutionMs = 1;

/** Index and thread: build, search, change, memory. */
export async function searching(faces, dimension) {
  const random = randomNumbers();
  globalThis.gc();
  const rssBefore = process.memoryUsage().rss;
  const index = new FaceIndex(dimension);
  let buildMs = 0;
  for (let face = 0; face < faces; face++) {
    const entry = entryOf(face, randomUnit(random, dimension));
    const start = performance.now();
    index.add(entry);
    buildMs += performance.now() - start;
  }
  globalThis.gc();
  const memoryMb = (process.memoryUsage().rss - rssBefore) / 1e6;
  const probe = randomUnit(random, dimension);
  const mainLoopMs = await times(queries(faces), () => index.nearest(probe, wanted));
  const pool = new InferencePool({
    entry: workerUrl('search'),
    workerData: { memory: index.memory, dimension },
    ...{ threads: 1, batchLimit: 1, queueLimit: 0, timeoutMs: 60_000, onThreadLost: console.error },
  });
  const inThread = async () => {
    const query = index.query(probe, wanted);
    return index.neighbours(query, (await pool.run(query)).reply);
  };
  const same = JSON.stringify(await inThread()) === JSON.stringify(index.nearest(probe, wanted));
  if (!same) throw new Error('Expected the same answer from the thread');
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  loop.enable();
  const threadMs = await times(queries(faces), inThread);
  loop.disable();
  await pool.close();
  return {
    mainLoopMs,
    threadMs,
    loopDelayWhileThreadSearchesMs: delays(loop),
    buildMs,
    memoryMb,
    ...(await changing(index, random, dimension)),
  };
}

/** Adding and removing one face, in microseconds. */
async function changing(index, random, dimension) {
  const entries = Array.from({ length: changes }, (_, face) => ({
    ...entryOf(face, randomUnit(random, dimension)),
    faceId: `added-${face}`,
  }));
  const added = await times(changes, (turn) => index.add(entries[turn]));
  const removed = await times(changes, (turn) => index.removeFace(`added-${turn}`));
  const inMicroseconds = ({ p50, p95 }) => ({ p50: p50 * 1000, p95: p95 * 1000 });
  return { addMicroseconds: inMicroseconds(added), removeMicroseconds: inMicroseconds(removed) };
}

/** The same search as a loop over one flat array. */
export function plainJavaScript(faces, dimension) {
  const random = randomNumbers();
  const rows = new Float32Array(faces * dimension);
  for (let row = 0; row < faces; row++) rows.set(randomUnit(random, dimension), row * dimension);
  const probe = randomUnit(random, dimension);
  const best = new Float64Array(Math.ceil(faces / photosPerPerson));
  return syncTimes(queries(faces), () => {
    best.fill(-Infinity);
    for (let row = 0, at = 0; row < faces; row++) {
      let cosine = 0;
      for (let column = 0; column < dimension; column++) cosine += rows[at++] * probe[column];
      const person = Math.floor(row / photosPerPerson);
      if (cosine > best[person]) best[person] = cosine;
    }
    return best.reduce((most, cosine) => Math.max(most, cosine));
  });
}

/** Reading a gallery from disk: how long, and how long the main loop was held at a stretch. */
export async function loading(faces) {
  const spec = findEmbedder('mobilefacenet');
  const folder = mkdtempSync(join(tmpdir(), 'sightline-bench-'));
  const store = await openStorage({ data: folder });
  const random = randomNumbers();
  for (let face = 0; face < faces; face++) {
    const embedding = { model: spec.model, vector: randomUnit(random, spec.dimension) };
    const { faceId, person } = entryOf(face);
    await store.people.addFace(person.name, {
      photoName: faceId,
      photoHash: faceId,
      quality: 1,
      embedding,
      crop: { png: new Uint8Array(1), landmarks: [] },
    });
    if (face % 100 === 0) await nextTurn();
  }
  let gallery;
  const opening = await watched(async () => {
    gallery = await Gallery.open({ store, spec, onError: console.error });
  });
  const reloading = await watched(() => gallery.reload());
  await gallery.close();
  await store.close();
  rmSync(folder, { recursive: true });
  return { opening, reloading };
}

async function watched(work) {
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  loop.enable();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  await nextTurn();
  loop.disable();
  return { ms, loopSliceMs: delays(loop) };
}

function delays(loop) {
  return { p99: loop.percentile(99) / 1e6 - loopResolutionMs, max: loop.max / 1e6 - loopResolutionMs };
}

async function times(count, work) {
  const all = [];
  for (let turn = -3; turn < count; turn++) {
    const start = performance.now();
    await work(Math.max(turn, 0));
    if (turn >= 0) all.push(performance.now() - start);
    await nextTurn();
  }
  return percentiles(all, [0, 50, 95]);
}

function syncTimes(count, work) {
  const all = [];
  for (let turn = -3; turn < count; turn++) {
    const start = performance.now();
    work();
    if (turn >= 0) all.push(performance.now() - start);
  }
  return percentiles(all, [0, 50, 95]);
}

function queries(faces) {
  return Math.min(1000, Math.max(50, Math.round(10_000_000 / faces)));
}

function entryOf(face, vector) {
  const person = `person-${Math.floor(face / photosPerPerson)}`;
  return { faceId: `face-${face}`, person: { id: person, name: person }, role: 'example', vector };
}

function randomUnit(random, dimension) {
  return l2Normalise(Float32Array.from({ length: dimension }, random));
}

/** −1 to 1, the same every time (mulberry32). */
function randomNumbers() {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
