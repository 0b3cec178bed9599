import type { Layer } from '../convert/network.js';
import { weightsInvalid } from '../pytorch/weights-invalid.js';
import { foldBatchNorm, scaleOutputs, type BatchNorm } from './fold-batch-norm.js';
import type { Parameters } from './parameters.js';

/** A picture of so many channels that flows between layers. */
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

/** Grows a network layer by layer; each method appends what computes a value and gives that value. */
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

  /** Convolutions as above in a row, called <name>.0, <name>.1 and so on. */
  chain(input: Value, name: string, ...steps: readonly (readonly [number, Kernel, ConvOptions?])[]): Value {
    return steps.reduce(
      (value, [channels, kernel, options], index) =>
        this.conv(value, `${name}.${index}`, channels, kernel, options),
      input,
    );
  }

  /** input + scale · (1×1 convolution of the branches), which keeps the channels of the input; the scale is folded in. */
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

  /** Windows of 3×3, two apart, that do not reach past the edge. */
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
