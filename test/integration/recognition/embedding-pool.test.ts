import { afterEach, describe, expect, it, vi } from 'vitest';
import { Worker } from 'node:worker_threads';
import { euclideanDistance } from '../../../src/core/distance.js';
import type {
  EmbeddingPool,
  EmbeddingPoolOptions,
  EmbedResult,
} from '../../../src/recognition/embedding-pool.js';
import { embedder, noiseCrop, startPool } from './faces.js';

let pool: EmbeddingPool | undefined;
async function start(options: Partial<EmbeddingPoolOptions> = {}): Promise<EmbeddingPool> {
  pool = await startPool(options);
  return pool;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await pool?.close();
  pool = undefined;
});

/** The threads that pools start from now on, oldest first. */
function watchThreads(): () => Worker[] {
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  return () => [...new Set(posted.mock.contexts as Worker[])];
}

function embedded(result: EmbedResult): EmbedResult & { status: 'embedded' } {
  if (result.status !== 'embedded') throw new Error(`expected an embedding, got ${JSON.stringify(result)}`);
  return result;
}

describe('EmbeddingPool', () => {
  it('embeds a crop: unit length, the same every time, different for another', async () => {
    const { embed } = bound(await start({ workers: 2 }));
    const [first, again, other] = (await Promise.all([embed(1), embed(1), embed(2)])).map(embedded);
    const { vector, model } = first!.embedding;
    expect(model).toEqual(embedder.model);
    expect(vector).toHaveLength(192);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(euclideanDistance(vector, again!.embedding.vector)).toBe(0);
    expect(euclideanDistance(vector, other!.embedding.vector)).toBeGreaterThan(0.05);
    expect(first!.chip).toMatchObject({ width: 112, height: 112 });
    expect(first!.chip.data).toHaveLength(112 * 112 * 3);
    expect(Object.values(first!.times).every((ms) => ms >= 0)).toBe(true);
    expect(pool!.stats()).toMatchObject({ embedded: 3, failed: 0, waiting: 0, running: 0 });
  });

  it('takes the bytes of the crop away from the caller', async () => {
    const crop = noiseCrop(1);
    await (await start()).embed(crop);
    expect(crop.data.byteLength).toBe(0);
  });

  it('takes the newest first and drops the oldest when full, but never requests without a deadline', async () => {
    const { embed } = bound(await start({ queueLimit: 3 }));
    const order: string[] = [];
    const submit = async (name: string, maxWaitMs: number): Promise<string> => {
      const result = await embed(1, maxWaitMs);
      const outcome = result.status === 'dropped' ? `${name} ${result.reason}` : name;
      order.push(outcome);
      return outcome;
    };
    const live = 60_000;
    await Promise.all([
      submit('in hand', live),
      submit('a', live),
      submit('request 1', Infinity),
      submit('b', live),
      submit('c', live),
      submit('request 2', Infinity),
    ]);
    expect(order).toEqual(['a queue-full', 'b queue-full', 'in hand', 'request 1', 'request 2', 'c']);
    expect(pool!.stats().dropped).toEqual({ 'queue-full': 2, deadline: 0, closed: 0 });
  });

  it('drops a face whose deadline passes before a worker is free', async () => {
    const { embed } = bound(await start());
    const [inHand, late] = await Promise.all([embed(1), embed(2, 0)]);
    expect(inHand.status).toBe('embedded');
    expect(late).toEqual({ status: 'dropped', reason: 'deadline' });
  });

  it('loses only the face in hand when a thread dies, and goes on with a new one', async () => {
    const threads = watchThreads();
    const { embed } = bound(await start());
    await embed(1);
    const results = Promise.all([embed(2), embed(3), embed(4)]);
    await threads().at(-1)!.terminate();
    const statuses = (await results).map(({ status }) => status);
    expect(statuses).toEqual(['failed', 'embedded', 'embedded']);
    expect((await results)[0]).toMatchObject({ error: { code: 'EMBEDDER_FAILED', retryable: true } });
    expect(threads()).toHaveLength(2);
  });

  it('survives a thread that dies while idle', async () => {
    const threads = watchThreads();
    const { embed } = bound(await start());
    await embed(1);
    await threads().at(-1)!.terminate();
    expect((await embed(2)).status).toBe('embedded');
  });

  it('fails, rather than hangs, when threads cannot even start', async () => {
    const { embed } = bound(await start({ workerFile: new URL('file:///nowhere/embed.js') }));
    const results = await Promise.all([embed(1), embed(2), embed(3)]);
    expect(results.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  });

  it('says what is wrong with a network that cannot be read', async () => {
    const { embed } = bound(await start({ modelPath: '/nowhere/network.onnx' }));
    expect(await embed(1)).toMatchObject({
      status: 'failed',
      error: {
        code: 'EMBEDDER_FAILED',
        retryable: false,
        message: expect.stringContaining('network.onnx') as string,
      },
    });
  });

  it('settles everything when closed while busy, and may be closed again', async () => {
    const running = await start({ queueLimit: 2 });
    const { embed } = bound(running);
    await embed(1);
    const pending = Promise.all([embed(2), embed(3), embed(4)]);
    await Promise.all([running.close(), running.close()]);
    const closed = { status: 'dropped', reason: 'closed' };
    expect(await pending).toEqual([closed, closed, closed]);
    expect(await embed(5)).toEqual(closed);
    expect(running.stats()).toMatchObject({ embedded: 1, waiting: 0, running: 0, dropped: { closed: 4 } });
  });
});

function bound(pool: EmbeddingPool): { embed: (seed: number, maxWaitMs?: number) => Promise<EmbedResult> } {
  return { embed: (seed, maxWaitMs) => pool.embed(noiseCrop(seed), maxWaitMs) };
}
