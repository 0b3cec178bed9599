import { workerData } from 'node:worker_threads';
import type {
  DetectReply,
  DetectTask,
  DetectWorkerData,
  EndTask,
  SearchTask,
} from '../src/detection/worker/detect-protocol.js';
import { asSightlineError } from '../src/core/errors.js';
import type { Detection } from '../src/core/face.js';
import { createDetector } from '../src/detection/create-detector.js';
import type { VideoSearch } from '../src/detection/face-detector.js';
import { ModelStore } from '../src/models/model-store.js';
import { giveWay } from './give-way.js';

/** Entry of the thread that searches pictures for faces; src/detection/worker/ talks to it. */

const { choice, modelsDir, background } = workerData as DetectWorkerData;

// Live video gives way to the main loop a little. Uploads come after embedding (niceness 5), which serves live video too.
giveWay(background ? 10 : 3);

/** Loading starts with the thread. If it fails, so does each picture, but the thread goes on. */
const detector = createDetector(choice, new ModelStore({ cacheDir: modelsDir }), () => undefined);
detector.catch(() => undefined);
const videos = new Map<number, VideoSearch>();

/** Runs a batch of tasks, one after the other. An empty batch waits until loading has ended. */
export default async function detect(batch: readonly DetectTask[]): Promise<DetectReply[]> {
  if (batch.length === 0) await Promise.allSettled([detector]);
  const replies: DetectReply[] = [];
  for (const task of batch) replies.push(await reply(task));
  return replies;
}

/** Searches one picture, or forgets a video. Never rejects: errors are in the reply. */
async function reply(task: DetectTask): Promise<DetectReply> {
  try {
    if (!('ended' in task)) return { kind: 'found', detections: await search(task) };
    end(task);
    return { kind: 'found', detections: [] };
  } catch (error) {
    const { code, message } = asSightlineError(error, 'DETECTOR_FAILED');
    return { kind: 'failed', error: { code, message, retryable: true } };
  }
}

function end({ ended }: EndTask): void {
  videos.get(ended)?.end();
  videos.delete(ended);
}

async function search({ video, image }: SearchTask): Promise<Detection[]> {
  const ready = await detector;
  if (video === null) return ready.detect(image);
  const known = videos.get(video.id) ?? ready.video();
  videos.set(video.id, known);
  return known.detect(image, video.expected, video.timeMs);
}
