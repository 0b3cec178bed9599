import type { Neighbour } from '../../core/face.js';
import { workerUrl } from '../../core/worker-url.js';
import { InferencePool } from '../../inference/inference-pool.js';
import type { FaceIndex } from './face-index.js';
import type { CandidateQuery, SearchReply, SearchWorkerData } from './thread/candidate-search.js';

/** Searching this many numbers blocks the main loop for about a millisecond: 41,000 faces of 192 numbers. */
const mainLoopNumbers = 8_000_000;
/** A search of a million faces takes a tenth of a second; only a thread that hangs takes longer than this. */
const timeoutMs = 30_000;

export interface FaceSearchOptions {
  readonly index: FaceIndex;
  /** Called when the search thread was lost. The main loop then answers instead. */
  readonly onError: (error: unknown) => void;
}

/**
 * Searches a small index on the main loop and a large one in a thread. Both read the same memory, so a change takes
 * effect at once in either, and nothing has to be copied when an index grows large.
 */
export class FaceSearch {
  readonly #index: FaceIndex;
  readonly #onError: (error: unknown) => void;
  /** Starts at the first query that needs it. The thread owns no data that could be lost with it. */
  #pool: InferencePool<CandidateQuery, SearchReply> | undefined;
  #closed = false;

  constructor({ index, onError }: FaceSearchOptions) {
    this.#index = index;
    this.#onError = onError;
  }

  /** The `count` people nearest to a vector, nearest first. Rejects only for a vector of another dimension. */
  async nearest(vector: Float32Array, count: number): Promise<Neighbour[]> {
    if (!this.#closed && this.#index.faces * this.#index.dimension > mainLoopNumbers) {
      const query = this.#index.query(vector, count);
      const { removals } = this.#index;
      this.#pool ??= this.#start();
      const outcome = await this.#pool.run(query);
      // When a row was moved during the search, or the thread was lost, the main loop searches. Both are rare.
      if (outcome.status === 'answered' && removals === this.#index.removals) {
        return this.#index.neighbours(query, outcome.reply);
      }
    }
    return this.#index.nearest(vector, count);
  }

  /** Ends the thread. Pending searches are still answered. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.close();
  }

  #start(): InferencePool<CandidateQuery, SearchReply> {
    const { memory, dimension } = this.#index;
    const workerData: SearchWorkerData = { memory, dimension };
    return new InferencePool({
      entry: workerUrl('search'),
      workerData,
      threads: 1,
      batchLimit: 1,
      // No query has a deadline, so none counts towards this limit.
      queueLimit: 0,
      timeoutMs,
      onThreadLost: (error) => this.#onError(error),
    });
  }
}
