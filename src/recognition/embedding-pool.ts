import type { Piscina } from 'piscina';
import type { EmbeddedFace, EmbedReply, EmbedTask, RemoteError } from '../core/embed-protocol.js';
import type { Embedding, ModelRef } from '../core/face.js';
import type { FaceQuality } from '../core/face-quality.js';
import type { RgbImage } from '../core/image.js';
import { chipSize } from '../core/similarity.js';
import type { Embedder } from './embedders.js';
import { startThreads, type EmbedThreadsOptions } from './embed-threads.js';
import { WaitingList } from './waiting-list.js';

export interface EmbeddingPoolOptions extends EmbedThreadsOptions {
  readonly embedder: Embedder;
  /** Faces that may wait for a worker. */
  readonly queueLimit: number;
  /** Told of each face embedded, for metrics. */
  readonly onEmbedded?: (times: EmbedTimes) => void;
}

/** Milliseconds that a face spent in each stage. */
export interface EmbedTimes {
  readonly queueMs: number;
  readonly alignMs: number;
  readonly embedMs: number;
}

export type EmbedResult =
  | {
      readonly status: 'embedded';
      readonly embedding: Embedding;
      readonly quality: FaceQuality;
      /** The aligned face, 112×112. */
      readonly chip: RgbImage;
      readonly times: EmbedTimes;
    }
  | { readonly status: 'dropped'; readonly reason: DropReason }
  | { readonly status: 'failed'; readonly error: RemoteError };

/** `queue-full`: newer faces took its place; `deadline`: no worker was free in time; `closed`: the pool was closed. */
export type DropReason = 'queue-full' | 'deadline' | 'closed';

/** Figures since the pool was made, except `waiting` and `running`, which are of now. */
export interface EmbeddingPoolStats {
  readonly waiting: number;
  readonly running: number;
  readonly embedded: number;
  readonly failed: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

interface Job {
  readonly crop: EmbedTask;
  readonly deadline: number;
  readonly submittedAt: number;
  readonly settle: (result: EmbedResult) => void;
}

/**
 * Turns faces into embeddings in worker threads. Owns its threads; `close()` ends them and settles everything that
 * is pending. A thread that dies is replaced and costs the face it had in hand, nothing else.
 */
export class EmbeddingPool {
  readonly model: ModelRef;
  readonly #options: EmbeddingPoolOptions;
  #piscina: Piscina<EmbedTask, EmbedReply>;
  readonly #waiting: WaitingList<Job>;
  readonly #running = new Set<Job>();
  readonly #dropped: Record<DropReason, number> = { 'queue-full': 0, deadline: 0, closed: 0 };
  #embedded = 0;
  #failed = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddingPoolOptions) {
    this.model = options.embedder.model;
    this.#options = options;
    this.#waiting = new WaitingList(options.queueLimit);
    this.#piscina = startThreads(options);
  }

  /**
   * Embeds one face. The crop's bytes move to the worker: the caller must not use them afterwards.
   *
   * @param maxWaitMs give up when no worker took the face by then; Infinity for a request that somebody waits for,
   * which goes before the faces of live video
   * @returns never rejects
   */
  embed(crop: EmbedTask, maxWaitMs = Infinity): Promise<EmbedResult> {
    return new Promise((resolve) => {
      const submittedAt = performance.now();
      const job: Job = { crop, deadline: submittedAt + maxWaitMs, submittedAt, settle: resolve };
      if (this.#closing) return this.#drop(job, 'closed');
      this.#dropExpired();
      const displaced = this.#waiting.add(job);
      if (displaced) this.#drop(displaced, 'queue-full');
      this.#dispatch();
    });
  }

  stats(): EmbeddingPoolStats {
    return {
      waiting: this.#waiting.size,
      running: this.#running.size,
      embedded: this.#embedded,
      failed: this.#failed,
      dropped: { ...this.#dropped },
    };
  }

  /** Ends the threads. Faces that wait or are in hand settle as dropped. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const job of [...this.#waiting.takeAll(), ...this.#running]) this.#drop(job, 'closed');
    this.#running.clear();
    // Lets a thread finish the face in hand: ending it inside ONNX Runtime would end the process.
    await this.#piscina.close();
  }

  /** Hands out faces while workers are free. Piscina's own queue stays empty, so that the order is ours. */
  #dispatch(): void {
    this.#dropExpired();
    while (this.#running.size < this.#options.workers) {
      const job = this.#waiting.takeNext();
      if (!job) return;
      this.#running.add(job);
      void this.#run(job);
    }
  }

  async #run(job: Job): Promise<void> {
    const queueMs = performance.now() - job.submittedAt;
    if (this.#piscina.threads.length === 0) this.#piscina = startThreads(this.#options);
    const reply = await this.#piscina
      .run(job.crop, { transferList: [job.crop.data.buffer] })
      .catch((error: unknown): EmbedReply => ({ kind: 'failed', error: threadLost(error) }));
    // After close() the face has been settled already.
    if (!this.#running.delete(job)) return;
    if (reply.kind === 'embedded') {
      this.#succeed(job, reply, queueMs);
    } else {
      this.#fail(job, reply.error);
    }
    this.#dispatch();
  }

  #fail(job: Job, error: RemoteError): void {
    this.#failed++;
    job.settle({ status: 'failed', error });
  }

  #succeed(job: Job, { vector, quality, chip: data, times }: EmbeddedFace, queueMs: number): void {
    this.#embedded++;
    const chip = { width: chipSize, height: chipSize, data };
    const allTimes = { queueMs, ...times };
    this.#options.onEmbedded?.(allTimes);
    job.settle({
      status: 'embedded',
      embedding: { model: this.model, vector },
      quality,
      chip,
      times: allTimes,
    });
  }

  #dropExpired(): void {
    for (const late of this.#waiting.takeExpired(performance.now())) this.#drop(late, 'deadline');
  }

  #drop(job: Job, reason: DropReason): void {
    this.#dropped[reason]++;
    job.settle({ status: 'dropped', reason });
  }
}

function threadLost(cause: unknown): RemoteError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return {
    code: 'EMBEDDER_FAILED',
    message: `Expected an embedding but the worker thread was lost: ${why}`,
    retryable: true,
  };
}
