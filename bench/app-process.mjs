// One run of Sightline for bench/one-camera.mjs: starts the built program with the configuration it is sent, measures from
// "measure" to "report", says what it saw, and ends at "end". With `flood`, the embedding queue is kept full all the time.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { percentiles } from './statistics.mjs';

const { options, flood, tree } = JSON.parse(process.argv[2]);
const built = (path) => import(pathToFileURL(join(tree, 'dist/src', path)).href);
const { App } = await built('app/app.js');
const { loadConfig } = await built('config/load-config.js');
const { Metrics } = await built('observability/metrics.js');
const { PooledEmbedder } = await built('recognition/embedding/pooled-embedder.js');

const resolutionMs = 10;
/** USER_HZ, which is 100 on every Linux. */
const ticksPerSecond = 100;
const loop = monitorEventLoopDelay({ resolution: resolutionMs });
let latencies = [];
let detections = [];
let embedder;
let crop;

tap(Metrics.prototype, 'observeAnnotated', (_self, _camera, latencyMs) => latencies.push(latencyMs));
tap(Metrics.prototype, 'observeDetection', (_self, _camera, durationMs) => detections.push(durationMs));
tap(PooledEmbedder.prototype, 'embed', (self, task) => {
  embedder ??= self;
  crop ??= { ...task, data: task.data.slice() };
});

const app = new App(await loadConfig({ environment: {}, commandLine: options }), {
  onModelProgress: () => undefined,
});
const { url } = await app.start();
const feeding = flood && setInterval(feed, 5);
process.send({ url });

let startedAt;
let before;
process.on('message', async (message) => {
  if (message === 'measure') {
    latencies = [];
    detections = [];
    loop.reset();
    loop.enable();
    startedAt = performance.now();
    before = {
      cameras: await cameras(),
      embedder: embedder?.stats(),
      cpu: process.cpuUsage(),
      ffmpegSeconds: ffmpegSeconds(),
    };
  } else if (message === 'report') {
    process.send(await report());
  } else if (message === 'end') {
    clearInterval(feeding);
    await app.close();
    process.send('ended', () => process.exit(0));
  }
});

async function report() {
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await cameras();
  const [now, then] = [after[0], before.cameras[0]];
  const cpu = process.cpuUsage(before.cpu);
  const stats = embedder?.stats();
  return {
    seconds,
    decodedFps: (now.frames - then.frames) / seconds,
    annotatedFps: latencies.length / seconds,
    detectionsPerSecond: detections.length / seconds,
    dropped: Object.fromEntries(
      Object.entries(now.dropped).map(([cause, count]) => [cause, count - then.dropped[cause]]),
    ),
    latencyMs: percentiles(latencies, [50, 95]),
    detectionMs: percentiles(detections, [50, 95]),
    loopDelayMs: Object.fromEntries([50, 99].map((p) => [`p${p}`, loop.percentile(p) / 1e6 - resolutionMs])),
    embeddings: stats && {
      perSecond: (stats.embedded - (before.embedder?.embedded ?? 0)) / seconds,
      waiting: stats.waiting,
      dropped: stats.dropped,
    },
    cpuCores: (cpu.user + cpu.system) / 1e6 / seconds,
    ffmpegCores: (ffmpegSeconds() - before.ffmpegSeconds) / seconds,
    rssMb: process.memoryUsage().rss / 1e6,
    perCamera: after.map(({ id, frames, detectionsPerSecond }, index) => ({
      id,
      framesPerSecond: (frames - before.cameras[index].frames) / seconds,
      searchesPerSecond: detectionsPerSecond,
    })),
  };
}

/** Keeps the list of waiting faces full. */
function feed() {
  if (embedder === undefined) return;
  while (embedder.stats().waiting < options.recognition.queueLimit)
    void embedder.embed({ ...crop, data: crop.data.slice() }, { maxWaitMs: 1000 });
}

/** Processor time of the programs that this one has started, ended ones included; NaN where there is no /proc. */
function ffmpegSeconds() {
  try {
    const ticks = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? ticksOf(entry) : []));
    return ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond;
  } catch {
    return NaN;
  }
}

/** Clock ticks of a child, or of all children that have ended if it is this program. */
function ticksOf(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return []; // It ended meanwhile.
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((index) => fields[index]);
  if (Number(pid) === process.pid) return [endedUser + endedSystem];
  return parent === process.pid ? [user + system] : [];
}

async function cameras() {
  return (await (await fetch(`${url}/v1/cameras`)).json()).cameras;
}

/** Calls `spy` with the object and the arguments before a method of a class, each time it is called. */
function tap(prototype, name, spy) {
  const original = prototype[name];
  prototype[name] = function tapped(...values) {
    spy(this, ...values);
    return original.apply(this, values);
  };
}
