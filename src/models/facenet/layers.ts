import { at, type Layer, type Weights } from '../convert/network.js';
import { quoted, weightsInvalid } from '../pytorch/byte-cursor.js';
import type { StateDict } from '../pytorch/state-dict.js';
import type { StateTensor } from '../pytorch/tensors.js';

/** A value that one layer computes and others read, with its number of channels. */
export interface Value {
  readonly name: string;
  readonly channels: number;
}

/** Kernel height and width, or the length of both. */
type Kernel = number | readonly [number, number];

interface ConvOptions {
  readonly stride?: 1 | 2;
  /** `same` keeps height and width at stride 1. */
  readonly padding?: 'same' | 'valid';
}

/** Builds a network layer by layer. Each method appends the layers that compute a value and returns that value. */
export class LayerList {
  readonly layers: Layer[] = [];
  readonly #parameters: Parameters;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
  }

  /** Convolution without a bias, batch normalisation, ReLU. */
  conv(input: Value, name: string, channels: number, kernel: Kernel, options: ConvOptions = {}): Value {
    const { stride = 1, padding = 'same' } = options;
    const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const [top, left] = padding === 'same' ? [(height - 1) / 2, (width - 1) / 2] : [0, 0];
    const shape = [channels, input.channels, height, width];
    const weights = { shape, data: this.#parameters.take(`${name}.conv.weight`, shape) };
    const linear = `${name}.bn`;
    this.layers.push({
      op: 'conv',
      inputs: [input.name],
      output: linear,
      ...foldBatchNorm(weights, this.#batchNorm(linear, channels)),
      groups: 1,
      stride: [stride, stride],
      pads: [top, left, top, left],
    });
    return this.#append('relu', [linear], { name, channels });
  }

  /** A chain of `conv` blocks called <name>.0, <name>.1 and so on. */
  chain(input: Value, name: string, ...steps: readonly (readonly [number, Kernel, ConvOptions?])[]): Value {
    return steps.reduce(
      (value, [channels, kernel, options], index) =>
        this.conv(value, `${name}.${index}`, channels, kernel, options),
      input,
    );
  }

  /**
   * input + scale · (1×1 convolution of the branches), which keeps the channels of the input; the scale is folded in.
   */
  residual(input: Value, branches: readonly Value[], name: string, scale: number): Value {
    const joined = this.concat(branches, `${name}.branches`);
    const shape = [input.channels, joined.channels, 1, 1];
    const data = this.#parameters.take(`${name}.conv2d.weight`, shape);
    const scaled = `${name}.conv2d`;
    this.layers.push({
      op: 'conv',
      inputs: [joined.name],
      output: scaled,
      weights: scaleOutputs({ shape, data }, new Float64Array(input.channels).fill(scale)),
      bias: this.#parameters.take(`${name}.conv2d.bias`, [input.channels]).map((value) => value * scale),
      groups: 1,
      stride: [1, 1],
      pads: [0, 0, 0, 0],
    });
    return this.#append('add', [input.name, scaled], { name: `${name}.sum`, channels: input.channels });
  }

  relu(input: Value, name: string): Value {
    return this.#append('relu', [input.name], { ...input, name });
  }

  /** Max pooling over windows of 3×3 at stride 2, without padding. */
  maxPool({ name: input, channels }: Value, name: string): Value {
    this.layers.push({
      op: 'maxpool',
      inputs: [input],
      output: name,
      kernel: [3, 3],
      stride: [2, 2],
      ceil: false,
    });
    return { name, channels };
  }

  concat(inputs: readonly Value[], name: string): Value {
    const channels = inputs.reduce((sum, input) => sum + input.channels, 0);
    return this.#append(
      'concat',
      inputs.map((input) => input.name),
      { name, channels },
    );
  }

  /** The mean of each channel, then a dense layer without a bias and batch normalisation. */
  embedding(
    input: Value,
    names: { pool: string; linear: string; norm: string },
    output: string,
    size: number,
  ): void {
    const pooled = this.#append('global-average-pool', [input.name], { ...input, name: names.pool });
    const flat = this.#append('flatten', [pooled.name], { ...input, name: `${names.pool}.flat` });
    const shape = [size, input.channels];
    const weights = { shape, data: this.#parameters.take(`${names.linear}.weight`, shape) };
    const folded = foldBatchNorm(weights, this.#batchNorm(names.norm, size));
    this.layers.push({ op: 'dense', inputs: [flat.name], output, ...folded });
  }

  #append(
    op: 'relu' | 'add' | 'concat' | 'flatten' | 'global-average-pool',
    inputs: string[],
    value: Value,
  ): Value {
    this.layers.push({ op, inputs, output: value.name });
    return value;
  }

  #batchNorm(name: string, channels: number): BatchNorm {
    const take = (parameter: string) => this.#parameters.take(`${name}.${parameter}`, [channels]);
    this.#parameters.drop(`${name}.num_batches_tracked`, 'int64', []);
    const variance = take('running_var');
    if (variance.some((value) => value < 0))
      throw weightsInvalid(`variances in ${name}.running_var`, 'one below 0');
    return { weight: take('weight'), bias: take('bias'), mean: take('running_mean'), variance };
  }
}

/** γ, β, mean and variance of each channel. */
interface BatchNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Added to the variance. facenet-pytorch trains with this value instead of PyTorch's usual 1e-5. */
const epsilon = 1e-3;

/**
 * Folds batch normalisation into the convolution or dense layer without a bias before it:
 * γ · (w·x − mean) / √(variance + ε) + β.
 */
export function foldBatchNorm(
  { shape, data }: Weights,
  { weight, bias, mean, variance }: BatchNorm,
): { weights: Weights; bias: Float32Array } {
  const factors = Float64Array.from(
    weight,
    (gamma, channel) => gamma / Math.sqrt(at(variance, channel) + epsilon),
  );
  return {
    weights: scaleOutputs({ shape, data }, factors),
    bias: bias.map((beta, channel) => beta - at(mean, channel) * at(factors, channel)),
  };
}

/** The weights with each output channel multiplied by its own factor. */
function scaleOutputs({ shape, data }: Weights, factors: ArrayLike<number>): Weights {
  const size = data.length / factors.length;
  return { shape, data: data.map((value, index) => value * at(factors, Math.floor(index / size))) };
}

/** The parameters of a weight file, taken one by one while a network is built, so that leftover ones are noticed. */
export class Parameters {
  readonly #tensors: Map<string, StateTensor>;

  constructor(tensors: StateDict) {
    this.#tensors = new Map(tensors);
  }

  /**
   * The numbers of one parameter, last dimension fastest.
   *
   * @throws SightlineError WEIGHTS_INVALID if it is missing, has another shape, or holds NaN or infinity
   */
  take(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw weightsInvalid(`a parameter ${name}`, 'none of that name');
    requireShape(name, tensor, 'float32', shape);
    this.#tensors.delete(name);
    const values = tensor.floats();
    if (!values.every(Number.isFinite)) throw weightsInvalid(`numbers in ${name}`, 'NaN or infinity');
    return values;
  }

  /** Drops a parameter that is only used in training, if the file has it. */
  drop(name: string, elementType: 'float32' | 'int64', shape: readonly (number | null)[]): void {
    const tensor = this.#tensors.get(name);
    if (tensor) requireShape(name, tensor, elementType, shape);
    this.#tensors.delete(name);
  }

  /** @throws SightlineError WEIGHTS_INVALID when a parameter is left */
  requireAllTaken(): void {
    const [first] = this.#tensors.keys();
    if (first !== undefined) throw weightsInvalid('the parameters of the network and no more', quoted(first));
  }
}

/** @param shape expected shape; null stands for any size */
function requireShape(
  name: string,
  { elementType, shape: received }: StateTensor,
  expectedType: 'float32' | 'int64',
  shape: readonly (number | null)[],
): void {
  const fits =
    shape.length === received.length && shape.every((size, axis) => size === null || size === received[axis]);
  if (fits && elementType === expectedType) return;
  const expected = `${expectedType} [${shape.map((size) => size ?? 'any').join(', ')}]`;
  throw weightsInvalid(`${name} of ${expected}`, `${elementType} [${received.join(', ')}]`);
}
