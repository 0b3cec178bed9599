// What the search of cameras costs and what it takes for faces, on full-HD frames in YUV, ten a second: processor time for
// each frame, tracks and detections, for a picture that stands still, one with people who walk, and one without a face that
// moves everywhere. Prints JSON. `node bench/video-search.mjs [SECONDS [DETECTOR…]]`
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { createDetector } from '../dist/src/detection/create-detector.js';
import { findFfmpeg } from '../dist/src/ingest/ffmpeg-binary.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';
import { Tracker } from '../dist/src/tracking/tracker.js';
import { parseTruth } from '../dist/src/training/evaluation/truth.js';
import { machine, percentiles, print } from './statistics.mjs';

const [width, height] = [1920, 1080];
const [lumaBytes, chromaBytes] = [width * height, (width * height) / 4];
const frameMs = 100;
const base = { range: 'full', threshold: null, minFaceSize: null };
const detectors = {
  auto: { ...base, kind: 'auto' },
  'mtcnn 20': { ...base, kind: 'mtcnn', minFaceSize: 20 },
  mediapipe: { ...base, kind: 'mediapipe' },
  'mediapipe 40': { ...base, kind: 'mediapipe', minFaceSize: 40 },
};
const [seconds = '30', ...named] = process.argv.slice(2);
const wanted = named.length > 0 ? named : Object.keys(detectors);
const frameCount = Number(seconds) * (1000 / frameMs);
const shared = fileURLToPath(new URL('../../shared/data/', import.meta.url));
if (!existsSync(shared)) throw new Error(`The test material of ${shared} is needed for this.`);

const noise = Int8Array.from({ length: lumaBytes + 65_536 }, () =>
  Math.round(2 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())),
);
const clip = await decodeClip();
const street = await emptyStreet();
/** Scenes by name: the frame of a number. */
const scenes = {
  'stands still': () => noisy(clip[0]),
  // Forwards and backwards, so that nothing jumps.
  'people walk': (number) =>
    clip[Math.abs(((number + clip.length - 1) % (2 * clip.length - 2)) - (clip.length - 1))],
  'nobody, all moves': (number) => noisy(cutStreet(number)),
};

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const before = machine();
const results = {};
for (const name of wanted) {
  const detector = await createDetector(detectors[name], models, () => undefined);
  results[name] = {};
  for (const [scene, frameOf] of Object.entries(scenes)) {
    process.stderr.write(`${name}, ${scene} …\n`);
    results[name][scene] = await watch(detector, frameOf, 1);
  }
  if (name === 'auto') {
    for (const cameras of [4, 8]) {
      process.stderr.write(`${name}, ${cameras} cameras …\n`);
      results[name][`people walk, ${cameras} cameras`] = await watch(
        detector,
        scenes['people walk'],
        cameras,
      );
    }
  }
  await detector.close();
}
print({
  machine: before,
  loadAverageAfter: machine().loadAverage,
  date: new Date().toISOString(),
  seconds,
  results,
});

/** Shows a scene to so many cameras in turn, each a few frames apart from the next. */
async function watch(detector, frameOf, cameras) {
  const watched = Array.from({ length: cameras }, () => ({
    search: detector.video(),
    tracker: new Tracker(),
  }));
  const costs = [];
  let detections = 0;
  let tracks = 0;
  for (let number = 0; number < frameCount / cameras; number++) {
    for (const [index, { search, tracker }] of watched.entries()) {
      const frame = frameOf(number + 5 * index);
      const timeMs = number * frameMs;
      const expected = tracker.predict(timeMs).map(({ box }) => box);
      const start = process.cpuUsage();
      const found = await search.detect(frame, expected, timeMs);
      const { user, system } = process.cpuUsage(start);
      // The first frame is searched whole.
      if (number > 0) costs.push((user + system) / 1000);
      detections += found.length;
      tracks += tracker.update(found, timeMs).started.length;
    }
  }
  const cpuMs = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  return {
    cpuMs: { mean: cpuMs, ...percentiles(costs, [50, 95]) },
    coresACamera: cpuMs / frameMs,
    facesPerFrame: detections / frameCount,
    tracks,
  };
}

async function decodeClip() {
  const { path } = await findFfmpeg();
  const input = ['-v', 'error', '-i', `${shared}video/crowd-1080p.mp4`, '-vf', `fps=${1000 / frameMs}`];
  const { stdout } = await promisify(execFile)(
    path,
    [...input, '-pix_fmt', 'yuv420p', '-f', 'rawvideo', '-'],
    {
      encoding: 'buffer',
      maxBuffer: Infinity,
    },
  );
  const frameBytes = lumaBytes + 2 * chromaBytes;
  return Array.from({ length: Math.floor(stdout.length / frameBytes) }, (_, index) =>
    yuv(new Uint8Array(stdout.subarray(index * frameBytes, (index + 1) * frameBytes))),
  );
}

function yuv(data) {
  return { width, height, data, matrix: 'bt709' };
}

/** Noise as of a sensor in fair light, a standard deviation of two levels. */
function noisy(frame) {
  const data = new Uint8Array(frame.data);
  const from = Math.floor(Math.random() * 65_536);
  for (let at = 0; at < lumaBytes; at++) data[at] = Math.min(255, Math.max(0, data[at] + noise[from + at]));
  return yuv(data);
}

/**
 * A street without a face: FDDB's pictures with every labelled face blurred beyond recognition (bodies, hands, hats and
 * foliage stay), side by side in a band. It is no real street; there is no such clip at hand.
 */
async function emptyStreet() {
  const truth = parseTruth(readFileSync(`${shared}fddb/ground-truth.json`, 'utf8'));
  const cell = { width: 480, height: 360 };
  const rows = height / cell.height;
  const columns = Math.ceil(truth.length / rows);
  const bandWidth = columns * cell.width;
  const overlays = await Promise.all(
    truth.map(async ({ path, faces }, index) => ({
      input: await sharp(await blurFaces(`${shared}fddb/images/${path}`, faces))
        .resize({ ...cell, fit: 'cover' })
        .png()
        .toBuffer(),
      left: Math.floor(index / rows) * cell.width,
      top: (index % rows) * cell.height,
    })),
  );
  const { data } = await sharp({ create: { width: bandWidth, height, channels: 3, background: '#777' } })
    .composite(overlays)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: bandWidth, data };
}

async function blurFaces(path, faces) {
  const picture = sharp(path).removeAlpha();
  const { width: pictureWidth, height: pictureHeight } = await picture.metadata();
  const parts = await Promise.all(
    faces.map(async ({ box }) => {
      const left = Math.max(0, Math.floor(box.x - 0.2 * box.width));
      const top = Math.max(0, Math.floor(box.y - 0.2 * box.height));
      const area = {
        left,
        top,
        width: Math.min(pictureWidth - left, Math.ceil(1.4 * box.width)),
        height: Math.min(pictureHeight - top, Math.ceil(1.4 * box.height)),
      };
      const sigma = Math.max(1, 0.2 * box.width);
      return { input: await sharp(path).extract(area).removeAlpha().blur(sigma).png().toBuffer(), left, top };
    }),
  );
  return picture.composite(parts).png().toBuffer();
}

/** A frame of a slow pan over the band, there and back, in YUV of BT.709. */
function cutStreet(number) {
  const pixelsPerFrame = 8;
  const range = street.width - width;
  const way = (number * pixelsPerFrame) % (2 * range);
  const left = way < range ? way : 2 * range - way;
  const data = new Uint8Array(lumaBytes + 2 * chromaBytes);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * street.width + left + x) * 3;
      const [r, g, b] = [street.data[from], street.data[from + 1], street.data[from + 2]];
      const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      data[y * width + x] = 16 + (luma * 219) / 255;
      if (y % 2 === 0 && x % 2 === 0) {
        const chroma = lumaBytes + (y / 2) * (width / 2) + x / 2;
        data[chroma] = 128 + ((b - luma) / 1.8556) * (224 / 255);
        data[chroma + chromaBytes] = 128 + ((r - luma) / 1.5748) * (224 / 255);
      }
    }
  }
  return yuv(data);
}
