// How fast the WebAssembly kernels are, in microseconds of processor time a call; with `--against`, beside those of another built
// work tree, turn by turn in this process, so that whatever else the machine does slows both alike, and with a check that
// their results are the same to the bit. Prints JSON. `node bench/kernels.mjs [--rounds N] [--against FOLDER]`
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createSharedMemory, pageBytes } from '../dist/src/core/wasm-kernel.js';
import { readCascade } from '../dist/src/detection/haar/cascade.js';
import { writeGreyRows } from '../dist/src/detection/haar/grey-image.js';
import { cutIntoStrips, pyramidLevels } from '../dist/src/detection/mtcnn/pyramid.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';
import { loadFrames } from './detection-frames.mjs';
import { machine, percentiles, print } from './statistics.mjs';

/** Calls are repeated until a turn takes about this long, so that the clock and the order of turns do not matter. */
const turnMicroseconds = 10_000;
const warmUpTurns = 20;
const minFace = 40;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, against: { type: 'string' } },
});
const here = fileURLToPath(new URL('..', import.meta.url));
const before = machine();
const input = await loadInput();
const cases = await createCases(here);
const others = options.against && (await createCases(options.against));
print({
  machine: before,
  date: new Date().toISOString(),
  rounds: Number(options.rounds),
  against: options.against,
  results: Object.fromEntries(Object.entries(cases).map(([name, run]) => [name, compare(name, run)])),
  loadAverageAfter: machine().loadAverage,
});

function compare(name, run) {
  const other = others?.[name];
  const same = other && digest(run()) === digest(other());
  const repeats = repeatsOf(run);
  const runs = [run, ...(other ? [other] : [])];
  for (let turn = 0; turn < warmUpTurns; turn++) for (const each of runs) timed(each, repeats);
  const times = runs.map(() => []);
  for (let round = 0; round < Number(options.rounds); round++) {
    // First one, then the other, and the other way round: neither always comes second.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const index of order) if (runs[index]) times[index].push(timed(runs[index], repeats));
  }
  const [ours, theirs] = times;
  if (!theirs) return { microseconds: percentiles(ours, [0, 50, 95]) };
  const timesAsLong = ours.map((time, round) => time / theirs[round]);
  return {
    microseconds: percentiles(ours, [0, 50, 95]),
    againstMicroseconds: percentiles(theirs, [0, 50, 95]),
    timesAsLong: percentiles(timesAsLong, [25, 50, 75]),
    same,
  };
}

function timed(run, repeats) {
  const start = process.cpuUsage();
  for (let call = 0; call < repeats; call++) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / repeats;
}

function repeatsOf(run) {
  // Until V8's optimising compiler is done with the kernel.
  for (let turn = 0; turn < warmUpTurns; turn++) timed(run, 1);
  return Math.max(1, Math.round(turnMicroseconds / timed(run, 5)));
}

function digest(result) {
  return createHash('sha256')
    .update(new Uint8Array(result.buffer, result.byteOffset, result.byteLength))
    .digest('hex');
}

async function loadInput() {
  const [frame] = await loadFrames('1080p', 1);
  const cascadeFile = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure(
    'haar-frontalface-default',
  );
  return { frame, cascade: readCascade(readFileSync(cascadeFile, 'utf8')) };
}

/** What each kernel is used for, as functions that return all that was worked out. */
async function createCases(tree) {
  const load = (file) => import(new URL(`dist/src/${file}`, `${pathToFileURL(tree)}/`));
  const { createDotKernel } = await load('core/dot-kernel.js');
  const { PictureSampler } = await load('detection/mtcnn/picture-sampler.js');
  const { createCascadeKernel, WindowClassifier } = await load('detection/haar/window-classifier.js');
  return {
    'dot products, 1,024 × 192': dotProducts(createDotKernel, 1024, 192),
    'dot products, 1,024 × 512': dotProducts(createDotKernel, 1024, 512),
    'dot products, 100,000 × 192': dotProducts(createDotKernel, 100_000, 192),
    'area means, pyramid of 1080p': pyramid(PictureSampler),
    'area means, 64 crops to 24 × 24': crops(PictureSampler, 24),
    'area means, 64 crops to 48 × 48': crops(PictureSampler, 48),
    'cascade windows, every column': windows(createCascadeKernel, WindowClassifier, 1),
    'cascade windows, every second column': windows(createCascadeKernel, WindowClassifier, 2),
  };
}

function dotProducts(createDotKernel, rows, dimension) {
  const probeEnd = 2 * dimension;
  const rowsEnd = probeEnd + rows * dimension;
  const memory = createSharedMemory(Math.ceil((rowsEnd + 4 * rows) / pageBytes));
  const codes = new Int8Array(memory.buffer);
  for (let at = 0; at < rowsEnd; at++) codes[at] = (at * 7919) % 255;
  const run = createDotKernel(memory);
  const sums = new Int32Array(memory.buffer, rowsEnd, rows);
  return () => {
    run(0, probeEnd, probeEnd, rowsEnd, rowsEnd);
    return sums;
  };
}

function pyramid(PictureSampler) {
  const { frame } = input;
  const sampler = new PictureSampler();
  sampler.load(frame);
  const strips = pyramidLevels(frame.width, frame.height, minFace).flatMap(cutIntoStrips);
  let all = new Float32Array();
  return () => {
    let at = 0;
    for (const { level, firstRow, rowCount } of strips) {
      const pixels = sampler.strip(level.width, level.height, firstRow, rowCount);
      if (all.length < at + pixels.length) {
        const grown = new Float32Array(2 * (at + pixels.length));
        grown.set(all);
        all = grown;
      }
      all.set(pixels, at);
      at += pixels.length;
    }
    return all;
  };
}

function crops(PictureSampler, side) {
  const sampler = new PictureSampler();
  sampler.load(input.frame);
  const squares = Array.from({ length: 64 }, (_, index) => {
    const [left, top, size] = [(index * 131) % 1600, (index * 71) % 800, 40 + ((index * 37) % 180)];
    return { left, top, right: left + size, bottom: top + size };
  });
  return () => sampler.crops(squares, side);
}

function windows(createCascadeKernel, WindowClassifier, step) {
  const { frame, cascade } = input;
  const [width, height] = [frame.width, 160];
  const grey = new Uint8Array(width * frame.height);
  writeGreyRows(frame, 0, frame.height, grey);
  const classifier = new WindowClassifier(createCascadeKernel(), cascade, width, height);
  classifier.strip.begin(width, classifier.layout(step));
  const first = Math.round((frame.height - height) / 2);
  for (let y = first; y < first + height; y++)
    classifier.strip.add(grey.subarray(y * width, (y + 1) * width));
  const columns = Math.ceil((width - cascade.width + 1) / step);
  const found = new Int32Array(10_000);
  return () => {
    let count = 0;
    for (let y = 0; y + cascade.height <= height; y += step) {
      classifier.judgeRow(y, columns, step, (x) => {
        found[++count] = y * width + x;
      });
    }
    found[0] = count;
    return found;
  };
}
