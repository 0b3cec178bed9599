import { workerData } from 'node:worker_threads';
import { moving } from '../src/inference/thread/moving.js';
import {
  CandidateSearch,
  type CandidateQuery,
  type SearchReply,
  type SearchWorkerData,
} from '../src/recognition/gallery/thread/candidate-search.js';

/** Entry of the thread that searches a large gallery; src/recognition/gallery/face-search.ts talks to it. */

const { memory, dimension } = workerData as SearchWorkerData;
const gallery = new CandidateSearch(memory, dimension, 'thread');

export default function search(batch: readonly CandidateQuery[]): SearchReply[] {
  const replies = batch.map((query) => gallery.candidates(query));
  return moving(
    replies,
    replies.map(({ buffer }) => buffer as ArrayBuffer),
  );
}
