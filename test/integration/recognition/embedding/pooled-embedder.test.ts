import { MessagePort, type Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { euclideanDistance } from '../../../../src/core/distance.js';
import type { EmbedResult, FaceCrop } from '../../../../src/core/face-embedder.js';
import type {
  PooledEmbedder,
  PooledEmbedderOptions,
} from '../../../../src/recognition/embedding/pooled-embedder.js';
import { writeOnnx } from '../../../../src/models/convert/write-onnx.js';
import { noiseCrop, spec, startEmbedder } from '../faces.js';

let embedder: PooledEmbedder | undefined;
async function start(options: Partial<PooledEmbedderOptions> = {}): Promise<PooledEmbedder> {
  embedder = await startEmbedder(options);
  return embedder;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await embedder?.close();
  embedder = undefined;
});

/** The threads that start from now on, oldest first. */
function watchThreads(): Worker[] {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  onTestFinished(() => void process.off('worker', onWorker));
  return threads;
}

function embedded(result: EmbedResult): EmbedResult & { status: 'embedded' } {
  if (result.status !== 'embedded') throw new Error(`expected an embedding, got ${JSON.stringify(result)}`);
  return result;
}

describe('PooledEmbedder', () => {
  it('embeds a crop: unit length, the same every time, different for another', async () => {
    const { embed } = bound(await start({ workers: 2 }));
    const [first, again, other] = (await Promise.all([embed(1), embed(1), embed(2)])).map(embedded);
    const { vector, model } = first!.embedding;
    expect(model).toEqual(spec.model);
    expect(vector).toHaveLength(192);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(euclideanDistance(vector, again!.embedding.vector)).toBe(0);
    expect(euclideanDistance(vector, other!.embedding.vector)).toBeGreaterThan(0.05);
    expect(first!.chip).toMatchObject({ width: 112, height: 112 });
    expect(first!.chip.data).toHaveLength(112 * 112 * 3);
    expect(first!.times.embedMs).toBeGreaterThan(0);
    expect(embedder!.stats()).toMatchObject({ embedded: 3, failed: 0, waiting: 0, running: 0 });
  });

  it('takes the bytes of the crop away from the caller', async () => {
    const crop = noiseCrop(1);
    await (await start()).embed(crop);
    expect(crop.data.byteLength).toBe(0);
  });

  it('takes live faces first, the newest first, drops the oldest when full, and never requests', async () => {
    const { embed } = bound(await start({ queueLimit: 1 }));
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
    expect(order).toEqual(['a queue-full', 'b queue-full', 'in hand', 'c', 'request 1', 'request 2']);
    expect(embedder!.stats().dropped).toEqual({ 'queue-full': 2, deadline: 0, closed: 0 });
  });

  it('drops a face whose deadline passes before a worker is free', async () => {
    const { embed } = bound(await start());
    const [inHand, late] = await Promise.all([embed(1), embed(2, 0)]);
    expect(inHand.status).toBe('embedded');
    expect(late).toEqual({ status: 'dropped', reason: 'deadline' });
  });

  it('loses only the batch in hand when a thread dies, and goes on with a new one', async () => {
    const threads = watchThreads();
    const { embed } = bound(await start());
    await embed(1);
    const results = Promise.all([embed(2), embed(3), embed(4)]);
    await threads.at(-1)!.terminate();
    const statuses = (await results).map(({ status }) => status);
    expect(statuses).toEqual(['failed', 'embedded', 'embedded']);
    expect((await results)[0]).toMatchObject({ error: { code: 'EMBEDDER_FAILED', retryable: true } });
    expect(threads).toHaveLength(2);
  });

  it('survives a thread that dies while idle', async () => {
    const threads = watchThreads();
    const { embed } = bound(await start());
    await embed(1);
    await threads.at(-1)!.terminate();
    expect((await embed(2)).status).toBe('embedded');
  });

  it('says what is wrong with a network that cannot be read', async () => {
    const { embed } = bound(await start({ networkPaths: ['/nowhere/network.onnx'] }));
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

describe('faces that wait together', () => {
  /** The tasks that pools give to their threads from now on: how many faces each has. */
  function watchBatches(): number[] {
    const sizes: number[] = [];
    const post = (MessagePort.prototype as { postMessage: MessagePort['postMessage'] }).postMessage;
    vi.spyOn(MessagePort.prototype, 'postMessage').mockImplementation(function (
      this: MessagePort,
      message: { task?: unknown },
      transfer,
    ) {
      if (Array.isArray(message.task)) sizes.push(message.task.length);
      post.call(this, message, transfer);
    });
    return sizes;
  }

  it('are embedded as if each were alone, to 1e-5', async () => {
    const { embed } = bound(await start());
    const seeds = [1, 2, 3, 4, 5];
    const alone: EmbedResult[] = [];
    for (const seed of seeds) alone.push(await embed(seed));
    const sizes = watchBatches();
    const together = await Promise.all(seeds.map((seed) => embed(seed)));
    expect(sizes).toEqual([1, 2, 2]);
    together.forEach((result, index) => {
      const [a, b] = [embedded(alone[index]!), embedded(result)];
      expect(largestDifference(a.embedding.vector, b.embedding.vector)).toBeLessThan(1e-5);
      expect(b.chip).toEqual(a.chip);
      expect(b.quality).toEqual(a.quality);
    });
  });

  it('settle each on its own: one that cannot be aligned fails alone', async () => {
    const running = await start();
    const point = { x: 5, y: 5 };
    const broken: FaceCrop = { ...noiseCrop(2), landmarks: [point, point, point, point, point] };
    const sizes = watchBatches();
    const results = await Promise.all(
      [noiseCrop(9), noiseCrop(1), broken, noiseCrop(3)].map((crop) => running.embed(crop)),
    );
    expect(sizes).toEqual([1, 2, 1]);
    expect(results.map(({ status }) => status)).toEqual(['embedded', 'embedded', 'failed', 'embedded']);
    expect(results[2]).toMatchObject({ error: { code: 'EMBEDDER_FAILED', retryable: false } });
    const again = embedded(await running.embed(noiseCrop(3)));
    expect(largestDifference(embedded(results[3]!).embedding.vector, again.embedding.vector)).toBeLessThan(
      1e-5,
    );
  });
});

describe('a projection', () => {
  /** Keeps the first `count` of the network's numbers, and doubles the first. */
  function projection(count: number, features = 192): Uint8Array {
    const data = new Float32Array(count * features);
    for (let row = 0; row < count; row++) data[row * features + row] = row === 0 ? 2 : 1;
    const dense = {
      ...({ op: 'dense', inputs: ['input'], output: 'projected' } as const),
      ...{ weights: { shape: [count, features], data }, bias: new Float32Array(count) },
    };
    return writeOnnx({ input: 'input', outputs: ['projected'], layers: [dense] }, ['N', features]);
  }

  it('runs after the network, on vectors of length 1, and makes such vectors', async () => {
    const { embedding } = embedded(await (await start()).embed(noiseCrop(1)));
    await embedder!.close();
    const model = { ...spec.model, version: '1 projected' };
    const projected = { ...spec, model, dimension: 5 };
    const running = await start({ spec: projected, projection: projection(5) });
    const result = embedded(await running.embed(noiseCrop(1)));
    const expected = embedding.vector.slice(0, 5);
    expected[0]! *= 2;
    const length = Math.hypot(...expected);
    expect(result.embedding.model).toEqual(model);
    expect(result.embedding.vector).toHaveLength(5);
    result.embedding.vector.forEach((value, index) =>
      expect(value).toBeCloseTo(expected[index]! / length, 5),
    );
  });

  it.each([
    ['other features than the network’s', 3, 100, 'Got: 192 Expected: 100'],
    ['another dimension than was promised', 3, 192, 'Expected an output of 192 floats but received 3'],
  ])('with %s fails each face', async (_, count, features, message) => {
    const running = await start({ projection: projection(count, features) });
    expect(await running.embed(noiseCrop(1))).toMatchObject({
      status: 'failed',
      error: { code: 'EMBEDDER_FAILED', message: expect.stringContaining(message) as string },
    });
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
}

function bound(embedder: PooledEmbedder): {
  embed: (seed: number, maxWaitMs?: number) => Promise<EmbedResult>;
} {
  return {
    embed: (seed, maxWaitMs) =>
      embedder.embed(noiseCrop(seed), { ...(maxWaitMs !== undefined && { maxWaitMs }) }),
  };
}
