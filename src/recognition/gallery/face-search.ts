import type { Neighbour } from '../../core/face.js';
import { workerUrl } from '../../core/worker-url.js';
import { InferencePool } from '../../inference/inference-pool.js';
import type { FaceIndex } from './face-index.js';
import type { CandidateQuery, SearchReply, SearchWorkerData } from './thread/candidate-search.js';

/** Up to so many numbers to compare, the main loop is held for about a millisecond: 41,000 faces of 192 numbers. */
const mainLoopNumbers = 8_000_000;
/** A search of a million faces takes a tenth of a second; only a thread that hangs takes longer than this. */
const timeoutMs = 30_000;

export interface FaceSearchOptions {
  readonly index: FaceIndex;
  /** Told when the search thread was lost; the main loop then answers in its place. */
  readonly onError: (error: unknown) => void;
}

/**
 * Searches an index where it costs least: a small one at once, a large one in a thread. Both read the same memory, so
 * that a change counts at once in either, and growing from small to large is nothing but asking elsewhere.
 */
export class FaceSearch {
  readonly #index: FaceIndex;
  readonly #onError: (error: unknown) => void;
  /** Its thread starts at the first query that needs it, and owns nothing that could be lost with it. */
  #pool: InferencePool<CandidateQuery, SearchReply> | undefined;
  #closed = false;

  constructor({ index, onError }: FaceSearchOptions) {
    this.#index = index;
    this.#onError = onError;
  }

  /** As `FaceIndex.nearest`. Rejects for a vector of another dimension only. */
  async nearest(vector: Float32Array, count: number): Promise<Neighbour[]> {
    if (!this.#closed && this.#index.faces * this.#index.dimension > mainLoopNumbers) {
      const query = this.#index.query(vector, count);
      const { removals } = this.#index;
      this.#pool ??= this.#start();
      const outcome = await this.#pool.run(query);
      // Removing moves rows while the thread reads them. That is rare, and so is a thread that was lost.
      if (outcome.status === 'answered' && removals === this.#index.removals) {
        return this.#index.neighbours(query, outcome.reply);
      }
    }
    return this.#index.nearest(vector, count);
  }

  /** Ends the thread; what is pending is answered all the same. May be called again. */
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
      // No query has a deadline: each is a face that somebody waits for.
      queueLimit: 0,
      timeoutMs,
      onThreadLost: (error) => this.#onError(error),
    });
  }
}
