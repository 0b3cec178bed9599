// One run of Sightline for bench/one-camera.mjs: starts the built program with the configuration it is sent, measures from
// "measure" to "report", says what it saw, and ends at "end". With `flood`, the embedding queue is kept full all the time.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { App } from '../dist/src/app/app.js';
import { loadConfig } from '../dist/src/config/load-config.js';
import { Metrics } from '../dist/src/observability/metrics.js';
import { PooledEmbedder } from '../dist/src/recognition/embedding/pooled-embedder.js';
import { percentiles } from './statistics.mjs';

const resolutionMs = 10;
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

const { options, flood } = JSON.parse(process.argv[2]);
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
    before = { cameras: await cameras(), embedder: embedder?.stats(), cpu: process.cpuUsage() };
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
  const [now, then] = [(await cameras())[0], before.cameras[0]];
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
    rssMb: process.memoryUsage().rss / 1e6,
  };
}

/** Keeps the list of waiting faces full. */
function feed() {
  if (embedder === undefined) return;
  while (embedder.stats().waiting < options.recognition.queueLimit)
    void embedder.embed({ ...crop, data: crop.data.slice() }, { maxWaitMs: 1000 });
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
