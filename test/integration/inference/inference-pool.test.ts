import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  InferencePool,
  type InferencePoolOptions,
  type Outcome,
} from '../../../src/inference/inference-pool.js';

interface Task {
  readonly value: string;
  /** The worker waits until it is opened. */
  readonly gate?: Int32Array;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** How the thread comes to its end. */
  readonly end?: 'exit' | 'throw' | 'hang' | 'never';
}

interface Reply {
  readonly value: string;
  readonly bytes: number | undefined;
  readonly batch: number;
  readonly threadId: number;
}

const live = 600_000;
let threads: Worker[];
let lost: Error[];
let pools: InferencePool<Task, Reply>[];
const onWorker = (worker: Worker): void => void threads.push(worker);

beforeEach(() => {
  [threads, lost, pools] = [[], [], []];
  process.on('worker', onWorker);
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  process.off('worker', onWorker);
});

function open(options: Partial<InferencePoolOptions<Task>> = {}): InferencePool<Task, Reply> {
  const pool = new InferencePool<Task, Reply>({
    entry: new URL('tiny-worker.mjs', import.meta.url),
    workerData: {},
    threads: 1,
    batchLimit: 1,
    queueLimit: 10,
    timeoutMs: 120_000,
    onThreadLost: (error) => void lost.push(error),
    ...options,
  });
  pools.push(pool);
  return pool;
}

function shared(value: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4)).fill(value);
}

function openGate(gate: Int32Array): void {
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
}

function replyOf(outcome: Outcome<Reply>): Reply {
  if (outcome.status !== 'answered') throw new Error(`no answer: ${JSON.stringify(outcome)}`);
  return outcome.reply;
}

/** What became of each task, in short. */
async function states(outcomes: readonly Promise<Outcome<Reply>>[]): Promise<string[]> {
  return (await Promise.all(outcomes)).map((outcome) =>
    outcome.status === 'dropped' ? outcome.reason : outcome.status,
  );
}

function errorOf(outcome: Outcome<Reply>): string {
  if (outcome.status !== 'failed') throw new Error(`no failure: ${JSON.stringify(outcome)}`);
  return String(outcome.error);
}

describe('what waits', () => {
  it('goes to threads as they are free, and is counted', async () => {
    const pool = open({ threads: 2 });
    const gate = shared(0);
    const tasks = ['a', 'b', 'c'].map((value) => pool.run({ value, gate }));
    expect(pool.stats()).toMatchObject({ running: 2, waiting: 1, answered: 0 });
    openGate(gate);
    const replies = (await Promise.all(tasks)).map(replyOf);
    expect(replies.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    expect(new Set(replies.slice(0, 2).map(({ threadId }) => threadId)).size).toBe(2);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, answered: 3, failed: 0, threadsLost: 0 });
  });

  it('goes together in batches, up to the limit', async () => {
    const pool = open({ batchLimit: 2 });
    const gate = shared(0);
    const tasks = [0, 1, 2, 3].map((each) => pool.run({ value: String(each), gate }));
    openGate(gate);
    const replies = (await Promise.all(tasks)).map(replyOf);
    expect(replies.map(({ value, batch }) => [value, batch])).toEqual([
      ['0', 1],
      ['1', 2],
      ['2', 2],
      ['3', 1],
    ]);
  });

  it('makes room for newer live tasks when the queue is full, and never for requests', async () => {
    const pool = open({ queueLimit: 1 });
    const gate = shared(0);
    const tasks = [
      pool.run({ value: 'in hand', gate }),
      pool.run({ value: 'older' }, live),
      pool.run({ value: 'request' }),
      pool.run({ value: 'newer' }, live),
    ];
    expect(await tasks[1]).toEqual({ status: 'dropped', reason: 'queue-full' });
    openGate(gate);
    expect(await states(tasks)).toEqual(['answered', 'queue-full', 'answered', 'answered']);
    expect(pool.stats().dropped).toEqual({ 'queue-full': 1, deadline: 0, closed: 0 });
  });

  it('is dropped when its deadline passes before a thread is free', async () => {
    const pool = open();
    const gate = shared(0);
    const inHand = pool.run({ value: 'in hand', gate });
    const late = pool.run({ value: 'late' }, 0);
    openGate(gate);
    expect(await states([inHand, late])).toEqual(['answered', 'deadline']);
  });

  it('says how long it waited', async () => {
    const pool = open();
    await pool.run({ value: 'started' });
    const before = performance.now();
    const gate = shared(0);
    const first = pool.run({ value: 'first', gate });
    const second = pool.run({ value: 'second' });
    openGate(gate);
    await first;
    const outcome = await second;
    const most = performance.now() - before;
    expect(outcome).toMatchObject({ status: 'answered', queueMs: expect.any(Number) as number });
    const { queueMs } = outcome as { queueMs: number };
    expect(queueMs).toBeGreaterThan(0);
    expect(queueMs).toBeLessThan(most);
  });

  it('moves the buffers that it is told to', async () => {
    const pool = open({ transfer: ({ bytes }) => (bytes ? [bytes.buffer] : []) });
    const bytes = new Uint8Array(1000);
    expect(replyOf(await pool.run({ value: 'moved', bytes }))).toMatchObject({ bytes: 1000 });
    expect(bytes.byteLength).toBe(0);
  });
});

describe('a thread that is lost', () => {
  it.each([
    ['exits', 'exit', /code: 3/],
    ['throws', 'throw', /thrown by the worker/],
  ] as const)('because it %s costs its batch only and is replaced', async (_, end, why) => {
    const pool = open({ batchLimit: 2 });
    await pool.run({ value: 'first' });
    const gate = shared(0);
    const inHand = pool.run({ value: 'in hand', gate });
    const batch = [pool.run({ value: 'with it' }), pool.run({ value: 'ends it', end })];
    const after = pool.run({ value: 'after' });
    openGate(gate);
    expect(await states([inHand, ...batch, after])).toEqual(['answered', 'failed', 'failed', 'answered']);
    expect(errorOf(await batch[0]!)).toMatch(why);
    expect(threads).toHaveLength(2);
    expect(lost.map(({ cause }) => String(cause))).toEqual([expect.stringMatching(why)]);
    expect(pool.stats()).toMatchObject({ failed: 2, threadsLost: 1 });
  });

  it('costs nothing while it has nothing to do, and is replaced at once', async () => {
    const pool = open();
    await pool.run({ value: 'first' });
    const replaced = once(process, 'worker');
    await threads[0]!.terminate();
    await replaced;
    expect(replyOf(await pool.run({ value: 'second' })).value).toBe('second');
    expect(threads).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ answered: 2, failed: 0, threadsLost: 1 });
  });

  it('does not cost other threads anything', async () => {
    const pool = open({ threads: 2 });
    const gate = shared(0);
    const working = pool.run({ value: 'working', gate });
    expect(await states([pool.run({ value: 'ends', end: 'exit' })])).toEqual(['failed']);
    openGate(gate);
    expect(await states([working])).toEqual(['answered']);
  });

  it('because it cannot start fails what it is given, and says why', async () => {
    const pool = open({ entry: new URL('file:///nowhere/worker.mjs'), threads: 2 });
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((value) => pool.run({ value })));
    for (const outcome of outcomes) expect(errorOf(outcome)).toMatch(/worker\.mjs/);
    expect(pool.stats()).toMatchObject({ failed: 4, running: 0, waiting: 0 });
  });

  it('because it cannot start is tried again for the next batch, not for ever', async () => {
    const startsLeft = shared(1);
    const pool = open({ workerData: { startsLeft } });
    expect(await states([pool.run({ value: 'works' })])).toEqual(['answered']);
    const failing = pool.run({ value: 'ends', end: 'exit' });
    expect(errorOf(await failing)).toMatch(/code: 3/);
    expect(errorOf(await pool.run({ value: 'fails' }))).toMatch(/no start left/);
    while (lost.length < 2) await nextTurn();
    // Nobody asks, nothing is started.
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(threads).toHaveLength(2);
    Atomics.store(startsLeft, 0, 1);
    expect(await states([pool.run({ value: 'works again' })])).toEqual(['answered']);
    expect(threads).toHaveLength(3);
  });

  it('because it hangs is ended and replaced', async () => {
    const pool = open({ timeoutMs: 5000 });
    await pool.run({ value: 'first' });
    const hanging = pool.run({ value: 'hangs', end: 'hang' });
    const after = pool.run({ value: 'after' });
    expect(errorOf(await hanging)).toMatch(/no answer within 5000 ms/);
    expect(replyOf(await after).value).toBe('after');
    expect(lost.map(({ cause }) => String(cause))).toEqual(['Error: no answer within 5000 ms']);
    expect(threads).toHaveLength(2);
  });
});

describe('closing', () => {
  it('settles what waits and what is in hand, and everything that comes later', async () => {
    const pool = open({ queueLimit: 5 });
    await pool.run({ value: 'first' });
    const gate = shared(0);
    const tasks = [
      pool.run({ value: 'in hand', gate }),
      pool.run({ value: 'live' }, live),
      pool.run({ value: 'request' }),
    ];
    const closing = pool.close();
    expect(await states([...tasks, pool.run({ value: 'later' })])).toEqual(Array(4).fill('closed'));
    openGate(gate);
    await closing;
    expect(pool.stats()).toMatchObject({ answered: 1, running: 0, waiting: 0, dropped: { closed: 4 } });
    // A thread that has ended has no id.
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(lost).toEqual([]);
  });

  it('may be asked for twice, before and after it is done', async () => {
    const pool = open({ threads: 2 });
    await Promise.all([pool.close(), pool.close()]);
    await pool.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it('waits until a thread that was just started has loaded its networks', async () => {
    const loaded = shared(0);
    const pool = open({ workerData: { loaded } });
    const pending = pool.run({ value: 'pending' });
    await pool.close();
    expect(await states([pending])).toEqual(['closed']);
    expect(loaded[0]).toBe(1);
    expect(threads).toHaveLength(1);
  });

  it('does not wait for a thread that cannot start', async () => {
    const pool = open({ entry: new URL('file:///nowhere/worker.mjs') });
    await pool.close();
    expect(threads).toHaveLength(1);
  });

  it('ends a thread that hangs once its time is over', async () => {
    const pool = open({ timeoutMs: 5000 });
    await pool.run({ value: 'first' });
    const hanging = pool.run({ value: 'hangs', end: 'never' });
    const ended = once(threads[0]!, 'exit');
    await pool.close();
    expect(await states([hanging])).toEqual(['closed']);
    await ended;
    expect(threads).toHaveLength(1);
  });
});
