// How long each detector takes at 360p, 720p and 1080p: on frames by themselves (still), and on the same frames in order
// with tracks to build on (video); with face-api's SSD detector on the same frames in the same run. Prints JSON.
// `npm run bench:detection [-- [--compare] [--save] FRAMES [DETECTOR…]]`
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDetector } from '../dist/src/detection/create-detector.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';
import { Tracker } from '../dist/src/tracking/tracker.js';
import { benchArguments, report } from './baseline.mjs';
import { clip, frameMs, loadFrames, sizes } from './detection-frames.mjs';
import { measureFaceApi } from './peers/peers.mjs';
import { machine, percentiles } from './statistics.mjs';

const base = { range: 'full', threshold: null, minFaceSize: null };
const detectors = {
  'mediapipe full': { ...base, kind: 'mediapipe' },
  'mediapipe short': { ...base, kind: 'mediapipe', range: 'short' },
  haar: { ...base, kind: 'haar' },
  'mtcnn 80': { ...base, kind: 'mtcnn', minFaceSize: 80 },
  'mtcnn 40': { ...base, kind: 'mtcnn', minFaceSize: 40 },
  'mtcnn 20': { ...base, kind: 'mtcnn', minFaceSize: 20 },
};
const [frameCount = '50', ...named] = benchArguments;
const wanted = named.length > 0 ? named : [...Object.keys(detectors), 'face-api'];
const unknown = wanted.filter((name) => name !== 'face-api' && !(name in detectors));
if (unknown.length > 0)
  throw new Error(`Expected ${Object.keys(detectors).join(', ')} or face-api, not ${unknown.join(', ')}.`);
const warmUpFrames = 3;
const resolutionMs = 1;

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const before = machine();
const results = {};
for (const name of wanted.filter((each) => each !== 'face-api')) {
  const detector = await createDetector(detectors[name], models, () => undefined);
  for (const size of Object.keys(sizes)) {
    process.stderr.write(`${name}, ${size} …\n`);
    const frames = await loadFrames(size, Number(frameCount));
    for (const frame of frames.slice(0, warmUpFrames)) await detector.detect(frame);
    results[name] ??= {};
    results[name][size] = {
      still: await measure(frames, (frame) => detector.detect(frame)),
      video: await measure(frames, follow(detector.video())),
    };
  }
  await detector.close();
}
const faceApi = wanted.includes('face-api')
  ? await measureFaceApi(Number(frameCount))
  : { skipped: 'not asked for' };
report('detection', {
  machine: before,
  loadAverageAfter: machine().loadAverage,
  date: new Date().toISOString(),
  clip,
  frames: Number(frameCount),
  results,
  peers: { 'face-api SSD': faceApi },
  timesAsFastAsFaceApi: compare(),
});

/** The search through a video as a camera runs it. */
function follow(search) {
  const tracker = new Tracker();
  return async (frame, index) => {
    const timeMs = index * frameMs;
    const expected = tracker.predict(timeMs).map(({ box }) => box);
    const detections = await search.detect(frame, expected, timeMs);
    tracker.update(detections, timeMs);
    return detections;
  };
}

async function measure(frames, detect) {
  const times = [];
  let faces = 0;
  const loop = monitorEventLoopDelay({ resolution: resolutionMs });
  loop.enable();
  for (const [index, frame] of frames.entries()) {
    const start = performance.now();
    faces += (await detect(frame, index)).length;
    times.push(performance.now() - start);
    // As between the frames of a camera: without it, detectors that never yield would look like one long slice.
    await nextTurn();
  }
  loop.disable();
  return {
    ms: percentiles(times, [50, 95]),
    loopSliceMs: { p99: loop.percentile(99) / 1e6 - resolutionMs, max: loop.max / 1e6 - resolutionMs },
    facesPerFrame: faces / frames.length,
  };
}

/** face-api's median by ours, on 1080p frames. */
function compare() {
  const theirs = faceApi.results?.['1080p'].ms.p50;
  if (theirs === undefined) return null;
  return Object.fromEntries(
    Object.entries(results).map(([name, { '1080p': ours }]) => [
      name,
      { still: theirs / ours.still.ms.p50, video: theirs / ours.video.ms.p50 },
    ]),
  );
}
