// How the whole program keeps up: one camera in real time, three viewers, with recognition off, on, and with its queue
// kept full; prints JSON. `npm run bench [-- [--compare] [--save] VIDEO [SECONDS [DETECTOR]]]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { benchArguments, report } from './baseline.mjs';
import { ask, crowdOr, startApp, watch } from './one-camera.mjs';
import { machine } from './statistics.mjs';

const [video = crowdOr('demo-franck.mp4'), seconds = '20', kind = 'mediapipe'] = benchArguments;
const warmUpMs = 4000;
const viewerCount = 3;

const scenarios = {
  'recognition off': { recognition: false },
  'recognition on': {},
  'embedding queue full': { flood: true },
};
const before = machine();
const results = {};
for (const [name, scenario] of Object.entries(scenarios)) {
  process.stderr.write(`${name} …\n`);
  results[name] = await measure(scenario);
}
const off = results['recognition off'].annotatedFps;
const full = results['embedding queue full'].annotatedFps;
report('pipeline', {
  machine: before,
  date: new Date().toISOString(),
  video,
  detector: kind,
  viewers: viewerCount,
  results,
  queueFullAgainstOff: full / off,
});

async function measure({ recognition = true, flood = false }) {
  const data = mkdtempSync(join(tmpdir(), 'sightline-bench-'));
  const options = {
    data,
    server: { port: 0 },
    log: { level: 'warn' },
    detector: { kind },
    recognition: { queueLimit: 16 },
    cameras: [{ id: 'bench', url: video, loop: true, recognition }],
  };
  const { child, url } = await startApp(options, { flood });
  try {
    const viewers = Array.from({ length: viewerCount }, () => watch(url));
    await delay(warmUpMs);
    for (const viewer of viewers) viewer.frames = 0;
    child.send('measure');
    await delay(Number(seconds) * 1000);
    const received = viewers.map(({ frames }) => frames / Number(seconds));
    const figures = await ask(child, 'report');
    for (const { socket } of viewers) socket.terminate();
    await ask(child, 'end');
    return { ...figures, viewerFps: received };
  } finally {
    child.kill();
    rmSync(data, { recursive: true, force: true });
  }
}
