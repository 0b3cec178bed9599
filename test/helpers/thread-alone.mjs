// Starts one of the built workers from a program that has imported nothing of Sightline, and prints the code of the
// error that ends it, or "ended" when the thread has loaded its networks and has nothing more to do.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const [file, modelsDir] = process.argv.slice(2);
const network = (name) => join(modelsDir, `${name}.onnx`);
const workerData = {
  // For embed.js.
  networks: [
    {
      path: network('mobilefacenet'),
      preprocessing: { mean: [127.5, 127.5, 127.5], scale: 1 / 128 },
      weight: 1,
    },
  ],
  ...{
    refinerPath: network('mtcnn-onet'),
    projection: null,
    dimension: 192,
    alignment: 'arcface-112',
    side: 112,
  },
  ...{ executionProvider: 'cpu', threads: 1 },
  // For detect.js.
  ...{
    choice: { kind: 'mtcnn', range: 'full', threshold: null, minFaceSize: null },
    modelsDir,
    background: false,
  },
};
const worker = new Worker(file, { workerData });
worker.on('error', (error) => console.log(error.code ?? String(error)));
worker.on('exit', (code) => console.log(code === 0 ? 'ended' : `exit code ${code}`));
