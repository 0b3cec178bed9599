import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { sessionOptions } from '../src/models/session-options.js';
import { BatchEmbedder } from '../src/recognition/embedding/thread/batch-embedder.js';
import type {
  EmbedReply,
  EmbedTask,
  EmbedWorkerData,
} from '../src/recognition/embedding/thread/embed-protocol.js';
import { giveWay } from './give-way.js';

/** Entry of the threads that turn faces into embeddings; src/recognition/embedding/ talks to it. */

// Before any network is loaded, whose threads give way as this one does: video never waits for recognition.
giveWay(5);

const data = workerData as EmbedWorkerData;
const embedder = new BatchEmbedder(data, sessionOptions(data));

/** Embeds a batch of faces. An empty batch waits until nothing is being loaded any more. */
export default async function embed(batch: readonly EmbedTask[]): Promise<EmbedReply[]> {
  if (batch.length === 0) await embedder.loaded();
  return transferring(await embedder.embed(batch));
}

/** The replies in the form in which piscina moves their buffers to the pool instead of copying them. */
function transferring(replies: EmbedReply[]): EmbedReply[] {
  const buffers = replies.flatMap((reply) =>
    reply.kind === 'embedded' ? [reply.vector.buffer, reply.chip.buffer] : [],
  );
  return move({ [transferableSymbol]: buffers, [valueSymbol]: replies }) as unknown as EmbedReply[];
}
