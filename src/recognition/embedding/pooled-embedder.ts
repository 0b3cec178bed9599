import type { RemoteError } from '../../core/errors.js';
import type { EmbeddedFace, EmbedReply, EmbedTask } from './thread/embed-protocol.js';
import type { Embedding, ModelRef } from '../../core/face.js';
import type { FaceQuality } from '../../core/face-quality.js';
import type { RgbImage } from '../../core/image.js';
import { chipSize } from '../../core/similarity.js';
import type { Embedder } from './embedder-specs.js';
import { startThreads, type EmbedThreads, type EmbedThreadsOptions } from './embed-threads.js';
import { WaitingList } from '../../inference/task-queue.js';

export interface EmbeddingPoolOptions extends EmbedThreadsOptions {
  readonly embedder: Embedder;
  /** Faces of live video that may wait for a worker. */
  readonly queueLimit: number;
  /** Told of each face embedded, for metrics. */
  readonly onEmbedded?: (times: EmbedTimes) => void;
}

/** Milliseconds that a face spent in each stage, the last together with its batch. */
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
      /** The face aligned to ArcFace's template, 112×112. */
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
 * is pending. A worker takes the faces that wait together, each of which settles on its own; faces of live video never
 * wait for more requests than the batch in hand. A thread that dies is replaced and costs the batch it had in hand,
 * nothing else.
 */
export class EmbeddingPool {
  readonly model: ModelRef;
  readonly #options: EmbeddingPoolOptions;
  #threads: EmbedThreads;
  readonly #waiting: WaitingList<Job>;
  readonly #running = new Set<Job>();
  #busyWorkers = 0;
  readonly #dropped: Record<DropReason, number> = { 'queue-full': 0, deadline: 0, closed: 0 };
  #embedded = 0;
  #failed = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddingPoolOptions) {
    this.model = options.embedder.model;
    this.#options = options;
    this.#waiting = new WaitingList(options.queueLimit);
    this.#threads = startThreads(options);
  }

  /**
   * Embeds one face. The crop's bytes move to the worker: the caller must not use them afterwards.
   *
   * @param maxWaitMs give up when no worker took the face by then; Infinity for a request that somebody waits for:
   * it waits behind the faces of live video (see `WaitingList`), is never dropped for one, and does not count towards
   * `queueLimit`
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
    // Ending a thread inside ONNX Runtime, which may still be loading a network, would end the process: an empty batch
    // for each thread waits for that, and closing for the face in hand.
    await Promise.allSettled(this.#threads.threads.map(() => this.#threads.run([])));
    await this.#threads.close();
  }

  /** Hands out faces while workers are free. Piscina's own queue stays empty, so that the order is ours. */
  #dispatch(): void {
    this.#dropExpired();
    while (this.#busyWorkers < this.#options.workers) {
      const batch = this.#waiting.takeNext(this.#options.embedder.batchLimit);
      if (batch.length === 0) return;
      void this.#run(batch);
    }
  }

  async #run(batch: readonly Job[]): Promise<void> {
    const begun = performance.now();
    this.#busyWorkers++;
    for (const job of batch) this.#running.add(job);
    const replies = await this.#embed(batch.map(({ crop }) => crop));
    this.#busyWorkers--;
    for (const [index, job] of batch.entries()) {
      // After close() the face has been settled already.
      if (this.#running.delete(job)) this.#settle(job, replies[index] as EmbedReply, begun);
    }
    this.#dispatch();
  }

  /** One reply for each face; never rejects. */
  #embed(crops: EmbedTask[]): Promise<EmbedReply[]> {
    if (this.#threads.threads.length === 0) this.#threads = startThreads(this.#options);
    return this.#threads
      .run(crops, { transferList: crops.map(({ data }) => data.buffer) })
      .catch((error: unknown) => crops.map(() => ({ kind: 'failed', error: threadLost(error) })));
  }

  #settle(job: Job, reply: EmbedReply, begun: number): void {
    if (reply.kind === 'embedded') this.#succeed(job, reply, begun - job.submittedAt);
    else this.#fail(job, reply.error);
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
