import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { CandidateSearch, type CandidateQuery } from '../src/recognition/gallery/thread/candidate-search.js';
import type { SearchReply, SearchWorkerData } from '../src/recognition/gallery/thread/search-protocol.js';

/** Entry of the thread that searches a large gallery; src/recognition/gallery/search-thread.ts talks to it. */

const port = parentPort as MessagePort;
const { memory, dimension } = workerData as SearchWorkerData;
const search = new CandidateSearch(memory, dimension, 'thread');

port.on('message', (query: CandidateQuery) => {
  const reply: SearchReply = search.candidates(query);
  port.postMessage(reply, [reply.buffer as ArrayBuffer]);
});
