// How many cameras one machine serves: full-HD video in real time with default settings and nobody watching; prints JSON.
// `npm run bench:cameras [-- [--against FOLDER] [--seconds N] [SCENARIO …]]`. With --against, another built work tree runs
// the same scenarios, turn by turn, and its figures stand beside those of this one as `before`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { findFfmpeg } from '../dist/src/ingest/ffmpeg-binary.js';
import { ask, crowdOr, here, startApp } from './one-camera.mjs';
import { machine, percentiles, print } from './statistics.mjs';

const { values, positionals } = parseArgs({
  options: { against: { type: 'string' }, seconds: { type: 'string', default: '32' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
const onlineWithinMs = 60_000;
const settleMs = 4000;

/** A person stands before a camera from the fourth second to the eighth of each ten. */
const visit = { everyMs: 10_000, fromMs: 4000, lastsMs: 4000 };
const photos = {
  enrolled: here('../../shared/data/identity/obama.jpg'),
  seen: here('../../shared/data/identity/obama2.jpg'),
};

const folder = mkdtempSync(join(tmpdir(), 'sightline-bench-'));
const clips = makeClips(await findFfmpeg());
/** Each gives the cameras of one run; `visits` says that one person known to the gallery comes and goes. */
const scenarios = {
  ...Object.fromEntries(
    [1, 2, 4, 8].map((count) => [`${count} busy`, { cameras: repeat(count, clips.busy) }]),
  ),
  ...Object.fromEntries(
    [1, 4, 8].map((count) => [`${count} visited`, { cameras: repeat(count, clips.visited), visits: true }]),
  ),
  '8 with sub-streams, a face on 2': {
    cameras: [...repeat(2, clips.face, clips.faceSmall), ...repeat(6, clips.still, clips.stillSmall)],
  },
  '1 idle': { cameras: repeat(1, clips.still) },
  '1 idle with a sub-stream': { cameras: repeat(1, clips.still, clips.stillSmall) },
};

const trees = { now: resolve(here('..')), ...(values.against && { before: resolve(values.against) }) };
const results = {};
const startedOn = machine();
try {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    results[name] = {};
    for (const [tree, path] of Object.entries(trees).reverse()) {
      process.stderr.write(`${name}, ${tree} …\n`);
      results[name][tree] = await measure(path, scenario);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print({ machine: startedOn, date: new Date().toISOString(), seconds, results });

async function measure(tree, { cameras, visits = false }) {
  const data = mkdtempSync(join(folder, 'data-'));
  const options = { data, server: { port: 0 }, log: { level: 'warn' }, cameras };
  const { child, url } = await startApp(options, { tree });
  try {
    const told = listen(url);
    if (visits) await enrol(url);
    const startMs = await allOnline(url, cameras.length);
    await delay(settleMs);
    const from = Date.now();
    child.send('measure');
    await delay(seconds * 1000);
    const figures = await ask(child, 'report');
    const until = Date.now();
    await ask(child, 'end');
    const counts = count(told.filter(({ time }) => Date.parse(time) >= from && Date.parse(time) <= until));
    return {
      startMs,
      ...summary(figures),
      told: counts,
      ...(visits && { naming: naming(told, from, until) }),
    };
  } finally {
    child.kill();
  }
}

function summary({ perCamera, cpuCores, ffmpegCores, loopDelayMs, rssMb, detectionMs }) {
  const range = (key) => perCamera.map((camera) => camera[key]).toSorted((a, b) => a - b);
  const leastAndMost = (list) => ({ least: list[0], most: list.at(-1) });
  return {
    framesPerSecond: leastAndMost(range('framesPerSecond')),
    searchesPerSecond: leastAndMost(range('searchesPerSecond')),
    cores: { node: cpuCores, ffmpeg: ffmpegCores, all: cpuCores + ffmpegCores },
    loopDelayMs,
    detectionMs,
    rssMb,
  };
}

/** Every event as it comes. */
function listen(url) {
  const events = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/events?since=00000000000000000000000000`);
  socket.on('message', (message) => events.push(JSON.parse(String(message))));
  socket.on('error', () => undefined);
  return events;
}

async function enrol(url) {
  const json = { 'Content-Type': 'application/json' };
  const person = await post(`${url}/v1/people`, { headers: json, body: JSON.stringify({ name: 'Known' }) });
  const body = new FormData();
  body.append('file', new Blob([readFileSync(photos.enrolled)]), 'photo.jpg');
  await post(`${url}/v1/people/${person.id}/photos`, { body });
}

/** Posts, again and again while the program is getting ready. */
async function post(address, request) {
  const deadline = Date.now() + onlineWithinMs;
  for (;;) {
    const response = await fetch(address, { method: 'POST', ...request });
    if (response.ok) return response.json();
    if (response.status !== 503 || Date.now() > deadline) throw new Error(await response.text());
    await delay(250);
  }
}

/** Waits until every camera shows pictures. @returns how long that took, in ms */
async function allOnline(url, wanted) {
  const startedAt = performance.now();
  for (;;) {
    const { cameras } = await (await fetch(`${url}/v1/cameras`)).json();
    if (cameras.filter(({ state }) => state === 'online').length === wanted) break;
    if (performance.now() - startedAt > onlineWithinMs) throw new Error('The cameras did not come online.');
    await delay(50);
  }
  return performance.now() - startedAt;
}

/** How many events of each type came. */
function count(events) {
  const counts = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/**
 * How soon a visitor was named. The sequence number of the frame in which that was decided says where in the clip it was:
 * the rate of the frames that are numbered follows from the first and the last event.
 */
function naming(told, from, until) {
  const delays = [];
  let unnamed = 0;
  const withFrame = told.filter(({ data }) => data.frame);
  for (const source of new Set(withFrame.map((event) => event.source))) {
    const own = withFrame.filter((event) => event.source === source);
    const fps = framesPerSecond(own);
    const named = own.filter(({ type }) => type === 'sightline.identity.recognized');
    const visits = named.map(({ time, data: { frame } }) => {
      const inClipMs = (((frame.sequence - 1) / fps) * 1000) % visit.everyMs;
      const beganAt = Date.parse(frame.capturedAt) - (inClipMs - visit.fromMs);
      return { beganAt, afterMs: Date.parse(time) - beganAt };
    });
    const counted = visits.filter(({ beganAt }) => beganAt >= from && beganAt < until - visit.lastsMs);
    const wanted = Math.floor((until - from - visit.lastsMs) / visit.everyMs);
    delays.push(...counted.map(({ afterMs }) => afterMs));
    unnamed += Math.max(0, wanted - counted.length);
  }
  return { visits: delays.length + unnamed, unnamed, afterMs: percentiles(delays, [50, 95, 100]) };
}

function framesPerSecond(events) {
  const frames = events.map(({ data }) => data.frame).toSorted((a, b) => a.sequence - b.sequence);
  const [first, last] = [frames[0], frames.at(-1)];
  const seconds = (Date.parse(last.capturedAt) - Date.parse(first.capturedAt)) / 1000;
  const rate = (last.sequence - first.sequence) / seconds;
  return [10, 25].toSorted((a, b) => Math.abs(a - rate) - Math.abs(b - rate))[0];
}

function repeat(cameraCount, url, detectUrl = null) {
  return Array.from({ length: cameraCount }, () => ({ url, detectUrl, loop: true }));
}

/** Clips like those of a camera: full HD, 25 frames a second, with a little noise as of a sensor. */
function makeClips(ffmpeg) {
  const at = (name) => join(folder, name);
  mkdirSync(folder, { recursive: true });
  const still = (seconds) => ['-f', 'lavfi', '-i', `smptehdbars=size=1920x1080:rate=25:duration=${seconds}`];
  const encoded = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-pix_fmt', 'yuv420p'];
  const person = ['-loop', '1', '-framerate', '25', '-i', photos.seen];
  const noise = 'noise=alls=4:allf=t';
  const put = (enable) =>
    `[1:v]scale=-2:308[p];[0:v][p]overlay=x=900+4*sin(2*PI*t):y=400:shortest=1${enable},${noise}[v]`;
  const make = (name, args) => {
    execFileSync(ffmpeg.path, ['-v', 'error', '-y', ...args, ...encoded, at(name)]);
    return at(name);
  };
  const small = (from, name) => make(name, ['-i', from, '-vf', 'scale=640:360']);
  const made = { busy: crowdOr('demo-franck.mp4') };
  made.still = make('still.mp4', [...still(10), '-vf', noise]);
  made.stillSmall = small(made.still, 'still-small.mp4');
  if (!existsSync(photos.seen))
    return { ...made, visited: made.busy, face: made.busy, faceSmall: made.stillSmall };
  made.visited = make('visited.mp4', [
    ...still(visit.everyMs / 1000),
    ...person,
    ...[
      '-filter_complex',
      put(`:enable='between(t,${visit.fromMs / 1000},${(visit.fromMs + visit.lastsMs) / 1000})'`),
    ],
    ...['-map', '[v]'],
  ]);
  made.face = make('face.mp4', [...still(10), ...person, '-filter_complex', put(''), '-map', '[v]']);
  made.faceSmall = small(made.face, 'face-small.mp4');
  return made;
}
