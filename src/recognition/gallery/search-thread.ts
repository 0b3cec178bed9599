import { Worker } from 'node:worker_threads';
import type { CandidateQuery } from './thread/candidate-search.js';
import type { SearchReply, SearchWorkerData } from './thread/search-protocol.js';

export interface SearchThreadOptions extends SearchWorkerData {
  /** The built worker, dist/workers/search.js. */
  readonly workerFile: URL;
  /** Told when the thread was lost. */
  readonly onError: (error: unknown) => void;
}

/**
 * Searches enrolled embeddings in a thread that shares them. It starts at the first query, and again at the first one
 * after it was lost: nothing is lost with it, because it owns nothing.
 */
export class SearchThread {
  readonly #options: SearchThreadOptions;
  #worker: Worker | undefined;
  /** In the order of their queries, which is the order of the replies. */
  #pending: ((reply: SearchReply | undefined) => void)[] = [];
  #closed = false;

  constructor(options: SearchThreadOptions) {
    this.#options = options;
  }

  /** Never rejects. @returns undefined when the thread was lost or closed before it answered */
  candidates(query: CandidateQuery): Promise<SearchReply | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      // Somebody waits: the process must not end before the answer.
      worker.ref();
      worker.postMessage(query);
    });
  }

  /** Ends the thread; what is pending settles. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { workerFile, memory, dimension, onError } = this.#options;
    const workerData: SearchWorkerData = { memory, dimension };
    const worker = new Worker(workerFile, { workerData });
    worker.on('message', (reply: SearchReply) => {
      this.#pending.shift()?.(reply);
      if (this.#pending.length === 0) worker.unref();
    });
    let cause: unknown;
    worker.on('error', (error) => (cause = error));
    worker.once('exit', (code) => {
      this.#worker = undefined;
      const lost = this.#pending;
      this.#pending = [];
      for (const settle of lost) settle(undefined);
      if (!this.#closed) onError(new Error(`The search thread was lost (exit code ${code})`, { cause }));
    });
    return worker;
  }
}
