import { Piscina } from 'piscina';
import type { EmbedReply, EmbedTask, EmbedWorkerData } from '../../core/embed-protocol.js';
import type { Embedder } from './embedders.js';

export interface EmbedThreadsOptions {
  /** The built worker, dist/workers/embed.js. */
  readonly workerFile: URL;
  /** The network's ONNX file. */
  readonly modelPath: string;
  /** The ONNX file of MTCNN's O-Net. */
  readonly refinerPath: string;
  /** The ONNX model of a projection of the network's embeddings, or null; see `EmbedWorkerData`. */
  readonly projection: Uint8Array | null;
  /** With a projection, `model` and `dimension` are those of what comes out of it. */
  readonly embedder: Embedder;
  /** Threads, each with a copy of the network. */
  readonly workers: number;
  /** ONNX Runtime's name: `cpu`, `cuda`, `coreml`, … */
  readonly executionProvider: string;
  readonly threadsPerWorker: number;
}

/** A task is a batch of faces, its result one reply for each. */
export type EmbedThreads = Piscina<EmbedTask[], EmbedReply[]>;

/**
 * Starts the threads that embed. Piscina replaces a thread that dies; when none is left because they die while
 * starting, everything handed over rejects, and `threads` is empty: then start anew for the next face.
 */
export function startThreads(options: EmbedThreadsOptions): EmbedThreads {
  const { modelPath, refinerPath, projection, workers, executionProvider } = options;
  const { dimension, alignment, preprocessing } = options.embedder;
  const workerData: EmbedWorkerData = {
    ...{ modelPath, refinerPath, projection, dimension, alignment, preprocessing },
    ...{ executionProvider, threads: options.threadsPerWorker },
  };
  const piscina: EmbedThreads = new Piscina({
    filename: options.workerFile.href,
    workerData,
    minThreads: workers,
    maxThreads: workers,
    maxQueue: workers,
    idleTimeout: Infinity,
    // Its waiting on shared memory would stop timers and promises of the worker.
    atomics: 'disabled',
  });
  // Threads that end between tasks are told here only; without a listener the error would end the process.
  piscina.on('error', () => {});
  // Piscina would leave the tasks of a thread that dies while starting hanging.
  piscina.on('workerDestroy', () => {
    setImmediate(() => {
      if (piscina.threads.length === 0) void piscina.destroy();
    });
  });
  return piscina;
}
