// What everything that looks at full-HD frames costs on RGB and on planar YUV, in milliseconds of processor time a frame
// (all threads), turn by turn in one run, so that whatever else the machine does slows both alike. Prints JSON.
// `node bench/pixels.mjs [FRAMES]`
import { performance } from 'node:perf_hooks';
import { encodeJpeg, resizeToRgb, wholeInRgb } from '../dist/src/annotate/encode.js';
import { createDetector } from '../dist/src/detection/create-detector.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';
import { cutFace } from '../dist/src/recognition/embedding/crop.js';
import { SceneChange } from '../dist/src/tracking/scene-change.js';
import { Tracker } from '../dist/src/tracking/tracker.js';
import { clip, frameMs, loadFrames, loadYuvFrames } from './detection-frames.mjs';
import { machine, percentiles, print } from './statistics.mjs';

const [frameCount = '40'] = process.argv.slice(2);
const warmUpFrames = 5;
const jpegQuality = 80;
const detectors = {
  'mediapipe full': { kind: 'mediapipe', minFaceSize: null },
  'mtcnn 40': { kind: 'mtcnn', minFaceSize: 40 },
  haar: { kind: 'haar', minFaceSize: null },
};

const before = machine();
const frames = { rgb: await loadFrames('1080p', frameCount), yuv: await loadYuvFrames('1080p', frameCount) };
const models = new ModelStore({ cacheDir: defaultCacheDir() });
const results = {};
for (const [name, choice] of Object.entries(detectors)) {
  process.stderr.write(`${name} …\n`);
  const detector = await createDetector(
    { range: 'full', threshold: null, ...choice },
    models,
    () => undefined,
  );
  results[`${name}, still`] = await measure(() => (frame) => detector.detect(frame));
  results[`${name}, video`] = await measure(() => follow(detector.video()));
  await detector.close();
}
const canvas = new Uint8Array(1920 * 1080 * 3);
const faces = [40, 120, 360].map((side) => faceAt(700, 300, side));
results['a face of 40, one of 120 and one of 360 pixels cut out'] = await measure(
  () => (frame) => faces.forEach((landmarks) => cutFace(frame, landmarks)),
);
results['change of scene'] = await measure(() => {
  const scene = new SceneChange();
  return (frame) => scene.isCut(frame);
});
results['the whole in RGB'] = await measure(() => (frame) => wholeInRgb(frame, canvas));
results['JPEG at full width'] = await measure(
  () => (frame) => encodeJpeg(wholeInRgb(frame, canvas), { quality: jpegQuality }),
);
results['JPEG of 640 pixels'] = await measure(
  () => async (frame) => encodeJpeg(await resizeToRgb(frame, 640), { quality: jpegQuality }),
);
print({
  machine: before,
  loadAverageAfter: machine().loadAverage,
  date: new Date().toISOString(),
  clip,
  results,
});

/** Runs the same on each frame in both forms; which comes first alternates. */
async function measure(create) {
  const runs = { rgb: create(), yuv: create() };
  const times = { rgb: [], yuv: [] };
  const wall = { rgb: [], yuv: [] };
  for (let index = 0; index < frames.rgb.length; index++) {
    for (const form of index % 2 === 0 ? ['rgb', 'yuv'] : ['yuv', 'rgb']) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await runs[form](frames[form][index], index);
      const { user, system } = process.cpuUsage(cpu);
      if (index < warmUpFrames) continue;
      times[form].push((user + system) / 1000);
      wall[form].push(performance.now() - start);
    }
  }
  const ratios = times.yuv.map((time, index) => time / times.rgb[index]);
  return {
    rgb: percentiles(times.rgb, [0, 50, 95]),
    yuv: percentiles(times.yuv, [0, 50, 95]),
    yuvByRgb: percentiles(ratios, [25, 50, 75]),
    wallMs: { rgb: percentiles(wall.rgb, [0, 50]), yuv: percentiles(wall.yuv, [0, 50]) },
  };
}

/** The search through a video as a camera runs it. */
function follow(search) {
  const tracker = new Tracker();
  return async (frame, index) => {
    const timeMs = index * frameMs;
    const expected = tracker.predict(timeMs).map(({ box }) => box);
    tracker.update(await search.detect(frame, expected), timeMs);
  };
}

function faceAt(x, y, side) {
  const at = (right, down) => ({ x: x + right * side, y: y + down * side });
  return [at(0.3, 0.4), at(0.7, 0.4), at(0.5, 0.6), at(0.35, 0.8), at(0.65, 0.8)];
}
