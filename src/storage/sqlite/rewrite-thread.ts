import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../core/worker-url.js';
import type { RewriteReply, RewriteWorkerData } from './rewrite-protocol.js';
import { busyTimeoutMs } from './file.js';

/** Rewrites a database file in a thread of its own and empties its log. Rejects with SQLite's error. */
export async function rewriteInThread(path: string): Promise<void> {
  const workerData: RewriteWorkerData = { path, busyTimeoutMs };
  const worker = new Worker(workerUrl('rewrite'), { workerData });
  // Rejects when the worker fails before it answers.
  const [reply] = (await once(worker, 'message')) as [RewriteReply];
  if (reply) throw Object.assign(new Error(reply.message), { code: reply.code });
}
