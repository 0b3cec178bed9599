// Where MTCNN's time goes on full-HD frames: each stage in still and in video mode, in ms a frame, with the numbers of
// crops, and how long the main loop is held at a stretch. Prints JSON. `node bench/mtcnn-stages.mjs [FRAMES [MIN-FACE]]`
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDetector } from '../dist/src/detection/create-detector.js';
import { MtcnnNetworks } from '../dist/src/detection/mtcnn/networks.js';
import { PictureSampler } from '../dist/src/detection/mtcnn/picture-sampler.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';
import { Tracker } from '../dist/src/tracking/tracker.js';
import { clip, frameMs, loadFrames } from './detection-frames.mjs';
import { machine, percentiles, print } from './statistics.mjs';

const [frameCount = '50', minFace = '40'] = process.argv.slice(2);
const warmUpFrames = 5;

/** Milliseconds and crops of the frame in hand, by stage. */
let spent = {};
const { load, strip, crops } = PictureSampler.prototype;
const { propose } = MtcnnNetworks.prototype;
const { load: loadNetworks } = MtcnnNetworks;
PictureSampler.prototype.load = timed('copy of the frame', load);
PictureSampler.prototype.strip = timed('pyramid', strip);
PictureSampler.prototype.crops = timed('crops', crops);
MtcnnNetworks.prototype.propose = timed('P-Net', propose);
MtcnnNetworks.load = async function (models) {
  const networks = await loadNetworks.call(this, models);
  networks.refiner.judge = counted('R-Net', networks.refiner.judge);
  networks.finisher.judge = counted('O-Net', networks.finisher.judge);
  return networks;
};

const choice = { kind: 'mtcnn', range: 'full', threshold: null, minFaceSize: Number(minFace) };
const models = new ModelStore({ cacheDir: defaultCacheDir() });
const before = machine();
const detector = await createDetector(choice, models, () => undefined);
const frames = await loadFrames('1080p', Number(frameCount));
for (const frame of frames.slice(0, warmUpFrames)) await detector.detect(frame);
const results = {
  still: await measure((frame) => detector.detect(frame)),
  video: await measure(follow(detector.video())),
};
await detector.close();
print({
  machine: before,
  loadAverageAfter: machine().loadAverage,
  date: new Date().toISOString(),
  clip,
  ...results,
});

async function measure(search) {
  const perFrame = [];
  const slices = [];
  let running = true;
  const watching = watchSlices(slices, () => running);
  for (const [index, frame] of frames.entries()) {
    spent = {};
    const start = performance.now();
    await search(frame, index);
    perFrame.push({ ...spent, 'all in all': performance.now() - start });
  }
  running = false;
  await watching;
  // Video: the first frame is searched whole.
  const counting = perFrame.slice(1);
  const names = Object.keys(Object.assign({}, ...counting));
  const stages = names.map((name) => [
    name,
    percentiles(
      counting.map((frame) => frame[name] ?? 0),
      [50, 95],
    ),
  ]);
  return { perFrame: Object.fromEntries(stages), sliceMs: percentiles(slices, [50, 99, 100]) };
}

/** How long each turn of the event loop lasts. */
async function watchSlices(slices, running) {
  let last = performance.now();
  while (running()) {
    await nextTurn();
    const now = performance.now();
    slices.push(now - last);
    last = now;
  }
}

/** As a camera does it: where tracks are expected goes in with each frame. */
function follow(search) {
  const tracker = new Tracker();
  return async (frame, index) => {
    const timeMs = index * frameMs;
    const expected = tracker.predict(timeMs).map(({ box }) => box);
    tracker.update(await search.detect(frame, expected, timeMs), timeMs);
  };
}

function timed(name, method) {
  return function (...given) {
    const start = performance.now();
    const note = (result) => {
      spent[name] = (spent[name] ?? 0) + performance.now() - start;
      return result;
    };
    const result = method.apply(this, given);
    return result instanceof Promise ? result.then(note) : note(result);
  };
}

function counted(name, judge) {
  const run = timed(name, judge);
  return (pixels, count) => {
    spent[`${name} crops`] = (spent[`${name} crops`] ?? 0) + count;
    return run(pixels, count);
  };
}
