// face-api's SSD MobileNet detector (Node, WASM) on the frames of the benchmark; prints milliseconds a frame as JSON.
// node bench/peers/face-api.mjs FOLDER-WITH-ITS-PACKAGES FRAMES
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { loadFrames, sizes } from '../detection-frames.mjs';
import { percentiles } from '../statistics.mjs';

const [folder, frameCount] = process.argv.slice(2);
const requirePeer = createRequire(join(folder, 'package.json'));
// What it says about itself on the way would stand in the JSON.
console.log = console.error;

const tf = requirePeer('@tensorflow/tfjs');
const wasm = requirePeer('@tensorflow/tfjs-backend-wasm');
const faceApi = requirePeer('@vladmandic/face-api/dist/face-api.node-wasm.js');
wasm.setWasmPaths(`${dirname(requirePeer.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');
await tf.ready();
await faceApi.nets.ssdMobilenetv1.loadFromDisk(join(folder, 'node_modules/@vladmandic/face-api/model'));
const options = new faceApi.SsdMobilenetv1Options({ minConfidence: 0.5 });
const warmUpFrames = 3;

const results = {};
for (const size of Object.keys(sizes)) {
  const frames = await loadFrames(size, Number(frameCount));
  for (const frame of frames.slice(0, warmUpFrames)) await detect(frame);
  const times = [];
  let faces = 0;
  for (const frame of frames) {
    const start = performance.now();
    faces += (await detect(frame)).length;
    times.push(performance.now() - start);
  }
  results[size] = { ms: percentiles(times, [50, 95]), facesPerFrame: faces / frames.length };
}
process.stdout.write(JSON.stringify(results));
process.exit(0);

async function detect({ width, height, data }) {
  const picture = tf.tensor3d(data, [height, width, 3], 'int32');
  const found = await faceApi.detectAllFaces(picture, options);
  picture.dispose();
  return found;
}
