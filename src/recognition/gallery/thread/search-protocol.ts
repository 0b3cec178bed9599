import type { SharedWasmMemory } from '../../../core/wasm-kernel.js';

/**
 * What crosses between the main loop and its search thread (workers/search.ts). The thread gets the enrolled embeddings
 * as memory that both share; a task is a `CandidateQuery`.
 */
export interface SearchWorkerData {
  readonly memory: SharedWasmMemory;
  readonly dimension: number;
}

/** Rows; transferred. */
export type SearchReply = Int32Array;
