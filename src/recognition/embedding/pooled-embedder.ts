import type { RemoteError } from '../../core/errors.js';
import type { ModelRef } from '../../core/face.js';
import type {
  EmbedOptions,
  EmbedResult,
  EmbedTimes,
  EmbedderStats,
  FaceCrop,
  FaceEmbedder,
} from '../../core/face-embedder.js';
import { chipSize } from '../../core/similarity.js';
import { workerUrl } from '../../core/worker-url.js';
import { InferencePool } from '../../inference/inference-pool.js';
// Switches off telemetry for the threads, which cannot do that themselves.
import '../../models/onnx-runtime.js';
import { chipSides } from './align.js';
import type { EmbeddingSpec } from './embedder-specs.js';
import type { EmbeddedFace, EmbedReply, EmbedWorkerData } from './thread/embed-protocol.js';

/** Far more than a batch needs on a busy machine, including the time to load the networks. */
const timeoutMs = 120_000;

export interface PooledEmbedderOptions extends Pick<
  EmbedWorkerData,
  'refinerPath' | 'projection' | 'executionProvider'
> {
  /** Absolute paths of the networks of `spec`, in their order. */
  readonly networkPaths: readonly string[];
  /** With a projection, `model` and `dimension` describe the projected embeddings. */
  readonly spec: EmbeddingSpec;
  /** Number of threads. Each has its own copy of the networks. */
  readonly workers: number;
  readonly threadsPerWorker: number;
  /** Most faces of live video that may wait for a worker. */
  readonly queueLimit: number;
  /** Called after each face that was embedded, for metrics. */
  readonly onEmbedded?: (times: EmbedTimes) => void;
}

/**
 * Embeds faces in worker threads of this process. A worker takes waiting faces in batches, and each face settles on its
 * own. Faces of live video never wait for more than one batch of requests.
 */
export class PooledEmbedder implements FaceEmbedder {
  readonly model: ModelRef;
  readonly #pool: InferencePool<FaceCrop, EmbedReply>;
  readonly #onEmbedded: PooledEmbedderOptions['onEmbedded'];
  /** Faces that a worker could not embed. */
  #refused = 0;

  constructor(options: PooledEmbedderOptions) {
    const { spec, workers, queueLimit } = options;
    this.model = spec.model;
    this.#onEmbedded = options.onEmbedded;
    this.#pool = new InferencePool({
      entry: workerUrl('embed'),
      workerData: workerDataOf(options),
      threads: workers,
      batchLimit: spec.batchLimit,
      queueLimit,
      timeoutMs,
      transfer: ({ data }) => [data.buffer],
    });
  }

  async embed(crop: FaceCrop, { maxWaitMs, urgent }: EmbedOptions = {}): Promise<EmbedResult> {
    const outcome = await this.#pool.run(crop, maxWaitMs, urgent);
    if (outcome.status === 'dropped') return outcome;
    if (outcome.status === 'failed') return { status: 'failed', error: threadLost(outcome.error) };
    const { reply, queueMs } = outcome;
    if (reply.kind === 'embedded') return this.#embedded(reply, queueMs);
    this.#refused++;
    return { status: 'failed', error: reply.error };
  }

  stats(): EmbedderStats {
    const { waiting, running, answered, failed, dropped } = this.#pool.stats();
    const embedded = answered - this.#refused;
    return { waiting, running, embedded, failed: failed + this.#refused, dropped };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #embedded({ vector, quality, chip: data, times }: EmbeddedFace, queueMs: number): EmbedResult {
    const allTimes = { queueMs, ...times };
    this.#onEmbedded?.(allTimes);
    const chip = { width: chipSize, height: chipSize, data };
    return { status: 'embedded', embedding: { model: this.model, vector }, quality, chip, times: allTimes };
  }
}

function workerDataOf(options: PooledEmbedderOptions): EmbedWorkerData {
  const { spec, networkPaths, refinerPath, projection, executionProvider, threadsPerWorker } = options;
  const { dimension, alignment, side = chipSides[alignment] } = spec;
  const networks = spec.networks.map(({ preprocessing, weight }, index) => {
    return { path: networkPaths[index] as string, preprocessing, weight };
  });
  return {
    ...{ networks, refinerPath, projection, dimension, alignment, side },
    ...{ executionProvider, threads: threadsPerWorker },
  };
}

function threadLost(cause: unknown): RemoteError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return {
    code: 'EMBEDDER_FAILED',
    message: `The worker thread that embedded the face was lost: ${why}`,
    retryable: true,
  };
}
