import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import Database from 'libsql';
import {
  rewritesDue,
  type RewriteReply,
  type RewriteWorkerData,
} from '../src/storage/sqlite/rewrite-protocol.js';

/** Entry of the thread that rewrites a database file; src/storage/sqlite/rewrite-thread.ts starts it. */

const port = parentPort as MessagePort;
const { path, busyTimeoutMs } = workerData as RewriteWorkerData;
port.postMessage(rewrite());

function rewrite(): RewriteReply {
  try {
    const database = new Database(path, { timeout: busyTimeoutMs });
    try {
      rewriteWhatIsDue(database);
    } finally {
      // After a failure, too: the log may have grown to fill the disk.
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      database.close();
    }
    return null;
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    return { message, code };
  }
}

/** Somebody may be erased in another process between the two statements; that stays due. */
function rewriteWhatIsDue(database: Database.Database): void {
  const query = 'SELECT value FROM counters WHERE name = ?';
  const due = database.prepare(query).all([rewritesDue]) as { value: number }[];
  database.exec('VACUUM');
  for (const { value } of due)
    database.prepare('DELETE FROM counters WHERE name = ? AND value = ?').run([rewritesDue, value]);
}
