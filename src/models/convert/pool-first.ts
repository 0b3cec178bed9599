import {
  at,
  type Conv,
  type Layer,
  type MaxPool,
  type Network,
  type PRelu,
  type Weights,
} from './network.js';
import { scaleChannels } from './rewrite-prelu.js';

/**
 * ONNX Runtime works on channels in blocks of this many, and pads other counts; but only whole blocks go through a
 * MaxPool without leaving the blocked memory layout.
 */
const blockSize = 16;

/**
 * Makes convolution, PReLU, MaxPool, convolution fast on ONNX Runtime's CPU: channels are padded to whole blocks, and
 * where the padding has room, pooling comes first, so that the PReLU sees a quarter of the values. Outputs differ by
 * rounding only.
 *
 * The largest PReLU in a window is that of the largest value x, except where a slope a is below 0: there it may be
 * a · y of the smallest value y. Such a channel is computed twice, the second time times a, and
 * max(x, a · y) is taken after pooling.
 */
export function poolFirst(network: Network): Network {
  const layers = [...network.layers];
  for (let index = 0; index < layers.length; index++) {
    const found = matchPooling(network, layers, index);
    if (found === null) continue;
    const { conv, prelu, pool, next } = found;
    layers[layers.indexOf(next)] = widenInput(next, paddedCount(prelu));
    const spare = paddedCount(prelu) - prelu.slopes.length;
    const replacement =
      negativeSlopes(prelu).length <= spare
        ? poolThenPRelu(conv, prelu, pool)
        : padChannels(conv, prelu, pool);
    layers.splice(index, 3, ...replacement);
    index += replacement.length - 1;
  }
  return { ...network, layers };
}

interface Pooling {
  readonly conv: Conv;
  readonly prelu: PRelu;
  readonly pool: MaxPool;
  readonly next: Conv;
}

/** Convolution, PReLU and MaxPool in a row, each for the next alone, with a count of channels that wants padding. */
function matchPooling({ outputs }: Network, layers: readonly Layer[], index: number): Pooling | null {
  const [conv, prelu, pool] = layers.slice(index, index + 3);
  if (conv?.op !== 'conv' || prelu?.op !== 'prelu' || pool?.op !== 'maxpool') return null;
  const readers = (name: string) => layers.filter(({ inputs }) => inputs.includes(name));
  const [next, ...others] = readers(pool.output);
  const inRow =
    readers(conv.output).every((reader) => reader === prelu) &&
    readers(prelu.output).every((reader) => reader === pool) &&
    ![conv, prelu, pool].some(({ output }) => outputs.includes(output));
  if (!inRow || next?.op !== 'conv' || next.groups !== 1 || others.length > 0) return null;
  return prelu.slopes.length % blockSize === 0 ? null : { conv, prelu, pool, next };
}

function padChannels(conv: Conv, prelu: PRelu, pool: MaxPool): Layer[] {
  const slopes = new Float32Array(paddedCount(prelu)).fill(1);
  slopes.set(prelu.slopes);
  return [{ ...conv, ...repeatKernels(conv, slopes.length, []) }, { ...prelu, slopes }, pool];
}

/** With p the pooled values and q those computed twice: p + (1 − a) · max(−p, 0), or p + max(q − p, 0) if a < 0. */
function poolThenPRelu(conv: Conv, prelu: PRelu, pool: MaxPool): Layer[] {
  const negative = negativeSlopes(prelu);
  const [channels, count] = [prelu.slopes.length, paddedCount(prelu)];
  const [pooled, below, rectified, scaled] = ['pooled', 'below', 'rectified', 'scaled'].map(
    (suffix) => `${prelu.output}_${suffix}`,
  ) as [string, string, string, string];
  const differences = new Float32Array(count * count);
  const factors = new Float32Array(count);
  for (const [channel, slope] of prelu.slopes.entries()) {
    differences[channel * count + channel] = -1;
    factors[channel] = slope < 0 ? 1 : 1 - slope;
  }
  for (const [index, channel] of negative.entries()) differences[channel * count + channels + index] = 1;
  const twice = negative.map((channel) => ({ channel, factor: at(prelu.slopes, channel) }));
  return [
    { ...conv, ...repeatKernels(conv, count, twice) },
    { ...pool, inputs: [conv.output], output: pooled },
    {
      ...scaleChannels(pooled, below, factors),
      weights: { shape: [count, count, 1, 1], data: differences },
      groups: 1,
    },
    { op: 'relu', inputs: [below], output: rectified },
    scaleChannels(rectified, scaled, factors),
    { op: 'add', inputs: [pooled, scaled], output: pool.output },
  ];
}

function negativeSlopes({ slopes }: PRelu): number[] {
  return [...slopes.keys()].filter((channel) => at(slopes, channel) < 0);
}

function paddedCount({ slopes }: PRelu): number {
  return Math.ceil(slopes.length / blockSize) * blockSize;
}

/** The kernels of a convolution, then some of them again times a factor, then zeros up to `count`; biases likewise. */
function repeatKernels(
  { weights, bias }: Conv,
  count: number,
  again: readonly { readonly channel: number; readonly factor: number }[],
): { weights: Weights; bias: Float32Array } {
  const channels = at(weights.shape, 0);
  const kernel = weights.data.length / channels;
  const data = new Float32Array(count * kernel);
  const biases = new Float32Array(count);
  data.set(weights.data);
  biases.set(bias ?? []);
  for (const [index, { channel, factor }] of again.entries()) {
    const values = weights.data.subarray(channel * kernel, (channel + 1) * kernel);
    data.set(
      values.map((value) => value * factor),
      (channels + index) * kernel,
    );
    biases[channels + index] = at(biases, channel) * factor;
  }
  return { weights: { shape: [count, ...weights.shape.slice(1)], data }, bias: biases };
}

/** The convolution for more input channels, which it ignores. */
function widenInput(conv: Conv, count: number): Conv {
  const [outputs, channels, ...kernel] = conv.weights.shape as [number, number, ...number[]];
  const size = conv.weights.data.length / outputs;
  const data = new Float32Array((conv.weights.data.length * count) / channels);
  for (let output = 0; output < outputs; output++) {
    data.set(
      conv.weights.data.subarray(output * size, (output + 1) * size),
      (output * size * count) / channels,
    );
  }
  return { ...conv, weights: { shape: [outputs, count, ...kernel], data } };
}
