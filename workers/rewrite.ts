import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import Database from 'libsql';
import type { RewriteReply, RewriteWorkerData } from '../src/storage/sqlite/rewrite-protocol.js';

/** Entry of the thread that rewrites a database file; src/storage/sqlite/rewrite-thread.ts starts it. */

const port = parentPort as MessagePort;
const { path, busyTimeoutMs } = workerData as RewriteWorkerData;
port.postMessage(rewrite());

function rewrite(): RewriteReply {
  try {
    const database = new Database(path, { timeout: busyTimeoutMs });
    try {
      database.exec('VACUUM');
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    } finally {
      database.close();
    }
    return null;
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    return { message, code };
  }
}
