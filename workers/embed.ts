import { workerData } from 'node:worker_threads';
import type { FaceCrop } from '../src/core/face-embedder.js';
import { moving } from '../src/inference/thread/moving.js';
import { sessionOptions } from '../src/models/onnx-runtime.js';
import { BatchEmbedder } from '../src/recognition/embedding/thread/batch-embedder.js';
import type { EmbedReply, EmbedWorkerData } from '../src/recognition/embedding/thread/embed-protocol.js';
import { giveWay } from './give-way.js';

/** Entry of the threads that turn faces into embeddings; src/recognition/embedding/ talks to it. */

// Before any network is loaded, because its threads inherit the priority: video must never wait for recognition.
giveWay(5);

const data = workerData as EmbedWorkerData;
const embedder = new BatchEmbedder(data, sessionOptions(data));

/** Embeds a batch of faces. An empty batch waits until loading has ended. */
export default async function embed(batch: readonly FaceCrop[]): Promise<EmbedReply[]> {
  if (batch.length === 0) await embedder.loaded();
  const replies = await embedder.embed(batch);
  const buffers = replies.flatMap((reply) =>
    reply.kind === 'embedded' ? [reply.vector.buffer, reply.chip.buffer] : [],
  );
  return moving(replies, buffers);
}
