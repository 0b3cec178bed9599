import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RewriteReply, RewriteWorkerData } from './rewrite-protocol.js';
import { busyTimeoutMs } from './file.js';

/**
 * Writes a database file anew in a thread of its own, and empties its log. Rejects with what SQLite said.
 * @param workerFile the built worker, dist/workers/rewrite.js
 */
export async function rewriteInThread(workerFile: URL, path: string): Promise<void> {
  const workerData: RewriteWorkerData = { path, busyTimeoutMs };
  const worker = new Worker(workerFile, { workerData });
  // Rejects when the worker fails before it answers.
  const [reply] = (await once(worker, 'message')) as [RewriteReply];
  if (reply) throw Object.assign(new Error(reply.message), { code: reply.code });
}
