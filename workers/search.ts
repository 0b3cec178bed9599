import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { NearestPeople, type NearestQuery } from '../src/core/nearest-people.js';
import type { SearchReply, SearchWorkerData } from '../src/core/search-protocol.js';

/** Entry of the thread that searches a large gallery; src/recognition/search-thread.ts talks to it. */

const port = parentPort as MessagePort;
const { memory, dimension } = workerData as SearchWorkerData;
const search = new NearestPeople(memory, dimension, 'thread');

port.on('message', (query: NearestQuery) => {
  const reply: SearchReply = search.nearest(query);
  port.postMessage(reply);
});
