import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conv, Layer, Network } from '../../../../src/models/convert/network.js';
import { poolFirst, rewritePRelus, rewriteSoftmaxes } from '../../../../src/models/convert/optimise.js';
import { writeOnnx } from '../../../../src/models/convert/write-onnx.js';
import { InferenceSession, sessionOptions, Tensor } from '../../../../src/models/onnx-runtime.js';

const number = fc.float({ min: -2, max: 2, noNaN: true });
const numbers = (count: number) => fc.array(number, { minLength: count, maxLength: count });

function conv(
  input: string,
  output: string,
  shape: Conv['weights']['shape'],
  values: readonly number[],
): Conv {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, index) => values[index % values.length] ?? NaN);
  const bias = data.slice(0, shape[0] ?? 0).map((value) => value / 2);
  const weights = { shape, data };
  return {
    op: 'conv',
    inputs: [input],
    output,
    weights,
    bias,
    groups: 1,
    stride: [1, 1],
    pads: [0, 0, 0, 0],
  };
}

/** Convolution, PReLU, MaxPool, convolution on three channels. */
function pooling(slopes: readonly number[], kernel: 2 | 3, values: readonly number[]): Network {
  const layers: Layer[] = [
    conv('input', 'a', [slopes.length, 3, 3, 3], values),
    { op: 'prelu', inputs: ['a'], output: 'b', slopes: Float32Array.from(slopes), rank: 4 },
    { op: 'maxpool', inputs: ['b'], output: 'c', kernel: [kernel, kernel], stride: [2, 2], ceil: true },
    conv('c', 'out', [2, slopes.length, 2, 2], values),
  ];
  return { input: 'input', outputs: ['out'], layers };
}

async function run(network: Network): Promise<number[]> {
  const session = await InferenceSession.create(
    writeOnnx(network, ['N', 3, 'height', 'width']),
    sessionOptions(),
  );
  const pixels = Float32Array.from({ length: 3 * 11 * 14 }, (_, index) => Math.sin(index * index));
  const { out } = await session.run({ input: new Tensor('float32', pixels, [1, 3, 11, 14]) });
  await session.release();
  return Array.from(out?.data as Float32Array);
}

async function expectEqual(network: Network, plain: Network): Promise<void> {
  const [received, expected] = [await run(network), await run(plain)];
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(received).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs((received[index] ?? NaN) - value) / largest).toBeLessThan(1e-5);
  }
}

const slopes = fc.integer({ min: 1, max: 20 }).chain(numbers);
const values = numbers(101).filter((all) => all.some((value) => Math.abs(value) > 0.1));

describe('poolFirst', () => {
  it('changes nothing in what comes out, whatever the slopes', async () => {
    await fc.assert(
      fc.asyncProperty(slopes, fc.constantFrom(2 as const, 3 as const), values, async (each, kernel, all) => {
        const plain = pooling(each, kernel, all);
        await expectEqual(rewritePRelus(poolFirst(plain)), plain);
      }),
      { numRuns: 40 },
    );
  });

  const opsOf = (network: Network) => poolFirst(network).layers.map(({ op }) => op);
  const kernels = (network: Network) => {
    const [first] = poolFirst(network).layers;
    return first?.op === 'conv' ? first.weights.shape[0] : undefined;
  };
  const plain = ['conv', 'prelu', 'maxpool', 'conv'];

  it('pools first where all channels with a slope below 0 find room in the padding', () => {
    const some = pooling([...new Array<number>(6).fill(-0.5), 0.1, 0.2, 1.5, 1], 2, [1]);
    expect(opsOf(some)).toEqual(['conv', 'maxpool', 'conv', 'relu', 'conv', 'add', 'conv']);
    expect(kernels(some)).toBe(16);
  });

  it('only pads where they find none, and leaves whole blocks as they are', () => {
    const many = pooling(new Array<number>(10).fill(-0.5), 2, [1]);
    expect([opsOf(many), kernels(many)]).toEqual([plain, 16]);
    const whole = pooling(new Array<number>(16).fill(0.5), 2, [1]);
    expect(poolFirst(whole)).toEqual(whole);
  });

  it('leaves values alone that somebody else reads', () => {
    const shared = pooling([0.1, 0.2], 2, [1]);
    expect(poolFirst({ ...shared, outputs: ['out', 'a'] }).layers).toEqual(shared.layers);
    const twice = { ...shared, layers: [...shared.layers, conv('c', 'more', [1, 2, 1, 1], [1])] };
    expect(poolFirst(twice)).toEqual(twice);
  });
});

describe('rewriteSoftmaxes', () => {
  const softmaxOver = (channels: number, all: readonly number[]): Network => ({
    input: 'input',
    outputs: ['out'],
    layers: [
      conv('input', 'logits', [channels, 3, 1, 1], all),
      { op: 'softmax', inputs: ['logits'], output: 'out' },
    ],
  });

  it('makes a sigmoid of a softmax over two channels', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (all) => {
        const network = rewriteSoftmaxes(softmaxOver(2, all));
        expect(network.layers.map(({ op }) => op)).toEqual(['conv', 'sigmoid']);
        await expectEqual(network, softmaxOver(2, all));
      }),
      { numRuns: 20 },
    );
  });

  it('leaves any other softmax as it is', () => {
    expect(rewriteSoftmaxes(softmaxOver(3, [1, 2]))).toEqual(softmaxOver(3, [1, 2]));
    const shared = { ...softmaxOver(2, [1, 2]), outputs: ['out', 'logits'] };
    expect(rewriteSoftmaxes(shared)).toEqual(shared);
  });
});
