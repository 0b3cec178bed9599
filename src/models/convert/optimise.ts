import {
  at,
  type Conv,
  type Layer,
  type MaxPool,
  type Network,
  type PRelu,
  type Weights,
} from './network.js';

/** The same network in a form that ONNX Runtime runs faster on a CPU. Outputs differ by rounding only. */
export function optimise(network: Network): Network {
  return rewriteSoftmaxes(rewritePRelus(poolFirst(network)));
}

/** Products of smaller weights become subnormal floats, with which a CPU computes a hundred times slower. */
const leastMagnitude = 1e-20;

/**
 * Sets weights that are almost zero to zero. Training with weight decay leaves them behind in unused channels. Outputs
 * differ by rounding only.
 */
export function dropTinyWeights(network: Network): Network {
  return { ...network, layers: network.layers.map(withoutTiny) };
}

function withoutTiny(layer: Layer): Layer {
  switch (layer.op) {
    case 'conv':
      return {
        ...layer,
        weights: { ...layer.weights, data: layer.weights.data.map(orZero) },
        bias: layer.bias && layer.bias.map(orZero),
      };
    case 'prelu':
      return { ...layer, slopes: layer.slopes.map(orZero) };
    default:
      return layer;
  }
}

function orZero(weight: number): number {
  return Math.abs(weight) < leastMagnitude ? 0 : weight;
}

/**
 * Replaces every PReLU of a value that has height and width, because ONNX Runtime's own PRelu is slow on the CPU and
 * leaves the blocked memory layout.
 *
 * max(x, 0) + a · min(x, 0) is x + (1 − a) · max(−x, 0). Both factors become depthwise 1×1 convolutions; ONNX Runtime
 * fuses the first with the ReLU and the second with the addition. Outputs differ by rounding only, less than 2e-5 for
 * the networks in the manifest.
 */
export function rewritePRelus(network: Network): Network {
  const layers = network.layers.flatMap((layer) =>
    layer.op === 'prelu' && layer.rank === 4 ? spellOut(layer) : [layer],
  );
  return { ...network, layers };
}

function spellOut({ inputs, output, slopes }: PRelu): Layer[] {
  const [negated, rectified, scaled] = [`${output}_negated`, `${output}_rectified`, `${output}_scaled`];
  return [
    scaleChannels(
      at(inputs, 0),
      negated,
      slopes.map(() => -1),
    ),
    { op: 'relu', inputs: [negated], output: rectified },
    scaleChannels(
      rectified,
      scaled,
      slopes.map((slope) => 1 - slope),
    ),
    { op: 'add', inputs: [at(inputs, 0), scaled], output },
  ];
}

/** Multiplies each channel with a factor of its own. */
function scaleChannels(input: string, output: string, factors: Float32Array): Conv {
  return {
    op: 'conv',
    inputs: [input],
    output,
    weights: { shape: [factors.length, 1, 1, 1], data: factors },
    bias: null,
    groups: factors.length,
    stride: [1, 1],
    pads: [0, 0, 0, 0],
  };
}

/**
 * Replaces the softmax over two channels of a value with height and width by a sigmoid: the softmax of (a, b) is the
 * sigmoid of (a − b, b − a), and the convolution before it can give these. ONNX Runtime's Softmax over channels turns
 * the whole value around twice. Outputs differ by rounding only.
 */
export function rewriteSoftmaxes(network: Network): Network {
  const layers = [...network.layers];
  for (const [index, softmax] of network.layers.entries()) {
    if (softmax.op !== 'softmax') continue;
    const source = layers.findIndex(({ output }) => output === softmax.inputs[0]);
    const conv = layers[source];
    if (conv?.op !== 'conv' || at(conv.weights.shape, 0) !== 2 || !isOnlyReader(softmax, conv, network))
      continue;
    layers[source] = withDifferences(conv);
    layers[index] = { op: 'sigmoid', inputs: softmax.inputs, output: softmax.output };
  }
  return { ...network, layers };
}

/** Whether `reader` is the only layer that reads the convolution's output. */
function isOnlyReader(reader: Layer, { output }: Conv, { layers, outputs }: Network): boolean {
  return (
    !outputs.includes(output) && layers.every((layer) => layer === reader || !layer.inputs.includes(output))
  );
}

function withDifferences(conv: Conv): Conv {
  const { shape, data } = conv.weights;
  return {
    ...conv,
    weights: { shape, data: differences(data) },
    bias: conv.bias && differences(conv.bias),
  };
}

/** Subtracts the halves of a list from each other: first − second, then second − first. */
function differences(values: Float32Array): Float32Array {
  const half = values.length / 2;
  return values.map((value, index) => value - at(values, (index + half) % values.length));
}

/**
 * ONNX Runtime works on channels in blocks of this size and pads other counts, but only whole blocks pass through a
 * MaxPool without leaving the blocked memory layout.
 */
const blockSize = 16;

/**
 * Speeds up convolution, PReLU, MaxPool, convolution on ONNX Runtime's CPU provider: channels are padded to whole
 * blocks, and if the padding has room, pooling moves before the PReLU, which then sees a quarter of the values. Outputs
 * differ by rounding only.
 *
 * The largest PReLU in a window is that of the largest value x, unless the slope a is negative: then it may be a · y
 * for the smallest value y. Such a channel is computed twice, the second time multiplied by a, and max(x, a · y) is
 * taken after pooling.
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

/**
 * Finds a convolution, PReLU and MaxPool in a row of which each feeds only the next one, and whose channel count needs
 * padding.
 */
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

/** For pooled values p, and q from the second computation: p + (1 − a) · max(−p, 0), or p + max(q − p, 0) if a < 0. */
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

/**
 * The kernels of a convolution, then some of them again multiplied by a factor, then zeros up to `count`; the same for
 * biases.
 */
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

/** The convolution with additional input channels, which it ignores. */
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
