import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { alignFace, alignTo } from '../src/core/align.js';
import type {
  EmbeddedFace,
  EmbedReply,
  EmbedTask,
  EmbedWorkerData,
  FailedFace,
} from '../src/core/embed-protocol.js';
import { faceQuality, type FaceQuality } from '../src/core/face-quality.js';
import type { RgbImage } from '../src/core/image.js';
import { sessionOptions } from '../src/models/onnx-runtime.js';
import { EmbeddingNetwork } from './embedding-network.js';
import { giveWay } from './give-way.js';
import { LandmarkRefiner } from './landmark-refiner.js';

/** Entry of the threads that turn faces into embeddings; the pool in src/recognition/ talks to it. */

// Before any network is loaded, whose threads give way as this one does: video never waits for recognition.
giveWay(5);

const data = workerData as EmbedWorkerData;
/** Loading begins with the thread; a failure is told to each face that asks, and does not end the thread. */
const options = sessionOptions(data);
const network = new EmbeddingNetwork(data, options);
const refiner = new LandmarkRefiner(data.refinerPath, options);

/** A face that is ready for the network. */
interface AlignedFace {
  readonly kind: 'aligned';
  /** As the embedder wants it. */
  readonly input: RgbImage;
  /** Aligned to ArcFace's template. */
  readonly chip: RgbImage;
  readonly quality: FaceQuality;
  readonly alignMs: number;
}

/**
 * Aligns faces and embeds them in one run. Never rejects: whatever goes wrong with a face is in its own reply. An empty
 * batch waits until nothing is being loaded any more.
 */
export default async function embed(batch: readonly EmbedTask[]): Promise<EmbedReply[]> {
  if (batch.length === 0) await Promise.all([network.loaded(), refiner.loaded()]);
  const faces: (AlignedFace | FailedFace)[] = [];
  // One by one, as the refiner takes them.
  for (const task of batch) faces.push(await align(task).catch(failed));
  const aligned = faces.filter((face) => face.kind === 'aligned');
  const started = performance.now();
  const answers = network.run(aligned.map(({ input }) => input));
  const replies = faces.map(async (face) => {
    if (face.kind === 'failed') return face;
    return finish(face, answers, aligned.indexOf(face), started).catch(failed);
  });
  return transferring(await Promise.all(replies));
}

async function align(task: EmbedTask): Promise<AlignedFace> {
  const started = performance.now();
  const face = await refiner.refine(task, task.landmarks);
  const chip = alignFace(task, face.landmarks);
  const input = data.alignment === 'arcface-112' ? chip : alignTo(data.alignment, task, face);
  const quality = faceQuality(face.landmarks, chip, face.score);
  return { kind: 'aligned', input, chip, quality, alignMs: performance.now() - started };
}

async function finish(
  { chip, quality, alignMs }: AlignedFace,
  answers: Promise<readonly Float32Array[]>,
  row: number,
  started: number,
): Promise<EmbeddedFace> {
  const vector = await network.finish((await answers)[row] as Float32Array);
  const times = { alignMs, embedMs: performance.now() - started };
  return { kind: 'embedded', vector, chip: chip.data as Uint8Array<ArrayBuffer>, quality, times };
}

function failed(error: unknown): FailedFace {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', error: { code: 'EMBEDDER_FAILED', message, retryable: false } };
}

/** The replies in the form in which piscina moves their buffers to the pool instead of copying them. */
function transferring(replies: EmbedReply[]): EmbedReply[] {
  const buffers = replies.flatMap((reply) =>
    reply.kind === 'embedded' ? [reply.vector.buffer, reply.chip.buffer] : [],
  );
  return move({ [transferableSymbol]: buffers, [valueSymbol]: replies }) as unknown as EmbedReply[];
}
