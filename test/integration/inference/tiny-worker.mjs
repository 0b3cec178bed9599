// A worker that does what its tasks say, for the tests of InferencePool.
import { setTimeout as delay } from 'node:timers/promises';
import { threadId, workerData } from 'node:worker_threads';

const { startsLeft, loaded } = workerData;

// Every thread uses one start up; one that finds none left fails.
if (startsLeft && Atomics.sub(startsLeft, 0, 1) <= 0) throw new Error('no start left');

const loading = loaded && delay(200).then(() => Atomics.store(loaded, 0, 1));

export default async function tiny(batch) {
  if (batch.length === 0) await loading;
  const replies = [];
  for (const task of batch) {
    await perform(task);
    replies.push({ value: task.value, bytes: task.bytes?.byteLength, batch: batch.length, threadId });
  }
  return replies;
}

async function perform({ gate, end }) {
  if (gate) Atomics.wait(gate, 0, 0);
  if (end === 'exit') process.exit(3);
  if (end === 'throw') await new Promise(() => process.nextTick(throwUp));
  if (end === 'hang') for (;;);
  if (end === 'never') await new Promise(() => undefined);
}

function throwUp() {
  throw new Error('thrown by the worker');
}
