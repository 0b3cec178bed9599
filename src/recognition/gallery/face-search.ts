import type { Neighbour } from '../../core/face.js';
import type { FaceIndex } from './face-index.js';
import { SearchThread } from './search-thread.js';

/** Up to so many numbers to compare, the main loop is held for about a millisecond: 41,000 faces of 192 numbers. */
const mainLoopNumbers = 8_000_000;

export interface FaceSearchOptions {
  readonly index: FaceIndex;
  /** The built worker, dist/workers/search.js; without it the main loop searches large galleries too. */
  readonly workerFile: URL | undefined;
  /** Told when the search thread was lost; the main loop then answers in its place. */
  readonly onError: (error: unknown) => void;
}

/**
 * Searches an index where it costs least: a small one at once, a large one in a thread. Both read the same memory, so
 * that a change counts at once in either, and growing from small to large is nothing but asking elsewhere.
 */
export class FaceSearch {
  readonly #index: FaceIndex;
  readonly #thread: SearchThread | undefined;

  constructor({ index, workerFile, onError }: FaceSearchOptions) {
    this.#index = index;
    const { memory, dimension } = index;
    if (workerFile) this.#thread = new SearchThread({ workerFile, memory, dimension, onError });
  }

  /** As `FaceIndex.nearest`. Rejects for a vector of another dimension only. */
  async nearest(vector: Float32Array, count: number): Promise<Neighbour[]> {
    if (this.#thread && this.#index.faces * this.#index.dimension > mainLoopNumbers) {
      const query = this.#index.query(vector, count);
      const { removals } = this.#index;
      const found = await this.#thread.candidates(query);
      // Removing moves rows while the thread reads them. That is rare, and so is a thread that was lost.
      if (found && removals === this.#index.removals) return this.#index.neighbours(query, found);
    }
    return this.#index.nearest(vector, count);
  }

  /** Ends the thread; what is pending is answered all the same. May be called again. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }
}
