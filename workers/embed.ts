import { workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { alignFace } from '../src/core/align.js';
import { l2Normalise } from '../src/core/distance.js';
import type { EmbeddedFace, EmbedReply, EmbedTask, EmbedWorkerData } from '../src/core/embed-protocol.js';
import { faceQuality } from '../src/core/face-quality.js';
import type { RgbImage } from '../src/core/image.js';
import { chipSize } from '../src/core/similarity.js';
import { sessionOptions } from '../src/models/session-options.js';
import { LandmarkRefiner } from './landmark-refiner.js';

/** Entry of the threads that turn faces into embeddings; the pool in src/recognition/ talks to it. */

const { modelPath, refinerPath, dimension, preprocessing, executionProvider, threads } =
  workerData as EmbedWorkerData;
const channelSize = chipSize * chipSize;
/** Written over for every face: a worker has one in hand at a time. */
const input = new Float32Array(3 * channelSize);

/** Loading begins with the thread; a failure is told to each face that asks, and does not end the thread. */
const options = sessionOptions({ executionProvider, threads });
const session = InferenceSession.create(modelPath, options);
session.catch(() => {});
const refiner = new LandmarkRefiner(refinerPath, options);

/** Aligns and embeds one face. Never rejects: whatever goes wrong is in the reply. */
export default async function embed(task: EmbedTask): Promise<EmbedReply> {
  try {
    const started = performance.now();
    const { landmarks, score } = await refiner.refine(task, task.landmarks);
    const chip = alignFace(task, landmarks);
    const quality = faceQuality(landmarks, chip, score);
    const aligned = performance.now();
    const vector = await embedChip(chip);
    const times = { alignMs: aligned - started, embedMs: performance.now() - aligned };
    const data = chip.data as Uint8Array<ArrayBuffer>;
    return transferring({ kind: 'embedded', vector, chip: data, quality, times });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', error: { code: 'EMBEDDER_FAILED', message, retryable: false } };
  }
}

/** The reply in the form in which piscina moves its buffers to the pool instead of copying them. */
function transferring(face: EmbeddedFace): EmbeddedFace {
  const buffers = [face.vector.buffer, face.chip.buffer];
  return move({ [transferableSymbol]: buffers, [valueSymbol]: face }) as unknown as EmbeddedFace;
}

async function embedChip(chip: RgbImage): Promise<Float32Array<ArrayBuffer>> {
  const network = await session;
  fillInput(chip);
  const feeds = {
    [network.inputNames[0] as string]: new Tensor('float32', input, [1, 3, chipSize, chipSize]),
  };
  const outputs = await network.run(feeds);
  const output = outputs[network.outputNames[0] as string]?.data;
  if (!(output instanceof Float32Array) || output.length !== dimension) {
    throw new Error(`Expected an output of ${dimension} floats but received ${output?.length ?? 'none'}`);
  }
  return l2Normalise(Float32Array.from(output)) as Float32Array<ArrayBuffer>;
}

/** Interleaved bytes to one plane of floats for each channel. */
function fillInput({ data }: RgbImage): void {
  const { mean, scale } = preprocessing;
  for (let pixel = 0, index = 0; pixel < channelSize; pixel++) {
    for (let plane = pixel; plane < input.length; plane += channelSize) {
      input[plane] = ((data[index++] as number) - mean) * scale;
    }
  }
}
