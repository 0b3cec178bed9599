// How POST /v1/identify and a camera go together: one full-HD camera in real time with one viewer, alone and while
// clients post pictures one after another; prints a Markdown table. `npm run bench:identify [-- SECONDS [VIDEO]]`
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { ask, crowdOr, here, startApp, watch } from './one-camera.mjs';
import { machine, percentiles } from './statistics.mjs';

const [seconds = '20', video = crowdOr('demo-franck.mp4')] = process.argv.slice(2);
const ms = Number(seconds) * 1000;
const warmUpMs = 5000;
/** The last one is more than `uploads.queueLimit`, so that some are refused. */
const clientCounts = [1, 2, 4, 12];

const cached = (name) => here(`../models/cache/${name}`);
const photo = (width, height) => sharp(cached('sample-1.jpg')).resize(width, height).jpeg().toBuffer();
const pictures = { '1920×1080': await photo(1920, 1080), '640×427': await photo(640, 427) };

const data = mkdtempSync(join(tmpdir(), 'sightline-bench-'));
const franck = ['01829', '02221', '02888', '03909'].map((number) => cached(`demo-franck-${number}.jpg`));
for (const path of franck)
  execFileSync(process.execPath, [
    here('../dist/src/main.js'),
    'enroll',
    path,
    '--name',
    'Franck',
    '--data',
    data,
  ]);

const rows = [];
const { child, url } = await startApp({
  data,
  server: { port: 0 },
  log: { level: 'warn' },
  cameras: [{ id: 'bench', url: video, loop: true }],
});
try {
  const viewer = watch(url);
  // The first upload starts the detector's thread.
  await identify(Object.values(pictures)[0]);
  await delay(warmUpMs);
  rows.push(await phase('none', 0));
  for (const [name, picture] of Object.entries(pictures))
    for (const count of clientCounts) rows.push(await phase(name, count, picture));
  rows.push(await phase('none', 0));
  viewer.socket.terminate();
  await ask(child, 'end');
} finally {
  child.kill();
  rmSync(data, { recursive: true, force: true });
}
printTable();

/** So many clients, each with one upload at a time, while the camera is measured. */
async function phase(name, count, picture) {
  process.stderr.write(`${name}, ${count} clients …\n`);
  child.send('measure');
  const times = [];
  let refused = 0;
  const until = performance.now() + ms;
  const client = async () => {
    while (performance.now() < until) {
      const begun = performance.now();
      const { status, retryAfterMs } = await identify(picture);
      if (status === 200) times.push(performance.now() - begun);
      else if (status === 429) {
        refused++;
        await delay(Math.min(retryAfterMs, until - performance.now()));
      } else throw new Error(`Expected 200 or 429 but received ${status}`);
    }
  };
  await Promise.all([delay(ms), ...Array.from({ length: count }, client)]);
  return { name, count, times, refused, camera: await ask(child, 'report') };
}

async function identify(picture) {
  const headers = { 'content-type': 'image/jpeg' };
  const response = await fetch(`${url}/v1/identify`, { method: 'POST', headers, body: picture });
  await response.arrayBuffer();
  return { status: response.status, retryAfterMs: Number(response.headers.get('retry-after') ?? 0) * 1000 };
}

function printTable() {
  const { cpu, cores, node } = machine();
  const figure = (value) => (value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0));
  const cells = rows.map(({ name, count, times, refused, camera }) => {
    const { p50, p95 } = percentiles(times, [50, 95]);
    const uploads = [
      name,
      count,
      (times.length / Number(seconds)).toFixed(1),
      figure(p50),
      figure(p95),
      refused,
    ];
    const { annotatedFps, latencyMs, detectionsPerSecond, loopDelayMs } = camera;
    const latency = `${figure(latencyMs.p50)} / ${figure(latencyMs.p95)}`;
    return [...uploads, figure(annotatedFps), latency, figure(detectionsPerSecond), figure(loopDelayMs.p99)];
  });
  const head = ['picture', 'clients', 'accepted/s', 'p50 ms', 'p95 ms', '429', 'camera fps'];
  const table = [
    [...head, 'picture latency p50 / p95 ms', 'detections/s', 'loop delay p99 ms'],
    Array(10).fill('---'),
    ...cells,
  ];
  process.stdout.write(`${cpu}, ${cores} cores, Node ${node}, ${seconds} s each\n\n`);
  process.stdout.write(table.map((row) => `| ${row.join(' | ')} |\n`).join(''));
}
