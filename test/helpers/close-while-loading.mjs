// Opens and closes what runs networks in threads, at once and a little later. A thread that ended while ONNX Runtime
// loads a network would end this process.
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [dist, modelsDir] = process.argv.slice(2);
const room = (path) => import(pathToFileURL(join(dist, 'src', path)).href);
const { PooledEmbedder } = await room('recognition/embedding/pooled-embedder.js');
const { findEmbedder } = await room('recognition/embedding/embedder-specs.js');
const { WorkerDetector } = await room('detection/worker/worker-detector.js');
const { photoDetector } = await room('detection/create-detector.js');
const { ModelStore } = await room('models/model-store.js');

const spec = findEmbedder('mobilefacenet');
const paths = await new ModelStore({ cacheDir: modelsDir }).ensure([spec.model.id, 'mtcnn-onet']);
const [networkPath, refinerPath] = [...paths.values()];
const cpu = { executionProvider: 'cpu', threadsPerWorker: 1, workers: 2, queueLimit: 4 };

function open() {
  return [
    new PooledEmbedder({
      ...{ networkPaths: [networkPath], refinerPath, projection: null, spec },
      ...cpu,
    }),
    new WorkerDetector({
      ...{ choice: photoDetector, modelsDir },
      ...{ background: true, timeoutMs: 240_000 },
    }),
  ];
}

for (const waitMs of [0, 100, 150, 200, 250, 300, 400]) {
  const opened = open();
  await delay(waitMs);
  await Promise.all(opened.map((one) => one.close()));
}
