import { Worker } from 'node:worker_threads';
import { workerUrl } from '../core/worker-url.js';
import type { HeicReply, HeicWorkerData } from './heic-protocol.js';

/**
 * Decodes a HEIC picture in a thread that lives for this one picture, because sharp is built without HEVC. Damage done
 * by a hostile file ends with the thread.
 *
 * @param timeoutMs the thread is ended after this time; never when 0
 * @returns undefined when the time is over
 */
export async function decodeHeic(data: HeicWorkerData, timeoutMs: number): Promise<HeicReply | undefined> {
  // libheif prints what it does not like; the reply says it.
  const worker = new Worker(workerUrl('heic'), { workerData: data, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<HeicReply | undefined>((resolve) => {
      if (timeoutMs > 0) timer = setTimeout(() => resolve(undefined), timeoutMs);
      worker.once('message', resolve);
      worker.once('error', ({ message }) => resolve({ status: 'unreadable', reason: message }));
      worker.once('exit', () => resolve({ status: 'unreadable', reason: 'its decoder gave up' }));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
