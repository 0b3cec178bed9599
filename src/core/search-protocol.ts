import type { NearestRow } from './nearest-people.js';
import type { SharedWasmMemory } from './wasm-code.js';

/**
 * What crosses between the main loop and its search thread (workers/search.ts). The thread gets the enrolled embeddings
 * as memory that both share; a task is a `NearestQuery`, and replies come in the order of the tasks.
 */
export interface SearchWorkerData {
  readonly memory: SharedWasmMemory;
  readonly dimension: number;
}

export type SearchReply = readonly NearestRow[];
