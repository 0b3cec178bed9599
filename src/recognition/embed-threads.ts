import { Piscina } from 'piscina';
import type { EmbedReply, EmbedTask, EmbedWorkerData } from '../core/embed-protocol.js';
import type { Embedder } from './embedders.js';

export interface EmbedThreadsOptions {
  /** The built worker, dist/workers/embed.js. */
  readonly workerFile: URL;
  /** The network's ONNX file. */
  readonly modelPath: string;
  /** The ONNX file of MTCNN's O-Net. */
  readonly refinerPath: string;
  readonly embedder: Embedder;
  /** Threads, each with a copy of the network. */
  readonly workers: number;
  /** ONNX Runtime's name: `cpu`, `cuda`, `coreml`, … */
  readonly executionProvider: string;
  readonly threadsPerWorker: number;
}

/**
 * Starts the threads that embed. Piscina replaces a thread that dies; when none is left because they die while
 * starting, everything handed over rejects, and `threads` is empty: then start anew for the next face.
 */
export function startThreads(options: EmbedThreadsOptions): Piscina<EmbedTask, EmbedReply> {
  const { embedder, modelPath, refinerPath, workers, executionProvider, threadsPerWorker: threads } = options;
  const { dimension, preprocessing } = embedder;
  const networks = { modelPath, refinerPath, dimension, preprocessing };
  const workerData: EmbedWorkerData = { ...networks, executionProvider, threads };
  const piscina = new Piscina<EmbedTask, EmbedReply>({
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
