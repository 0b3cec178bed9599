import { at, transpose, type Layer, type Network, type Weights } from './network.js';
import {
  readTflite,
  type FlatTable,
  type OperatorName,
  type TfliteGraph,
  type TfliteOperator,
} from './tflite.js';

/** Which side of the image runs along the first of an image's two axes in a file. */
export type AxisOrder = 'height-first' | 'width-first';

/**
 * Reads a TFLite network into one for upright images in NCHW.
 *
 * TensorFlow's order is height first. MTCNN's files were exported width first, from networks that were trained on
 * transposed images. The two axes of their kernels are swapped, and the first fully-connected layer, which sees (width,
 * height, channel) rows, is reordered for (channel, height, width).
 *
 * @param outputs names for the outputs, in the order in which the file lists them
 * @throws Error if the file has something that the converter does not support
 */
export function readNetwork(tflite: Uint8Array, axisOrder: AxisOrder, outputs: readonly string[]): Network {
  const graph = readTflite(tflite);
  if (graph.outputs.length !== outputs.length) {
    throw new Error(`expected ${outputs.length} outputs but the file has ${graph.outputs.length}`);
  }
  const axes: Axes = axisOrder === 'height-first' ? { y: 1, x: 2 } : { y: 2, x: 1 };
  return new NetworkReader(graph, axes, outputs).read();
}

/** Where height and width stand among the four dimensions of the file's images and kernels. */
interface Axes {
  readonly y: 1 | 2;
  readonly x: 1 | 2;
}

/** Walks back from the outputs, so that the operators inside a recognised pattern are never converted one by one. */
class NetworkReader {
  readonly #graph: TfliteGraph;
  readonly #axes: Axes;
  readonly #producers: ReadonlyMap<number, TfliteOperator>;
  readonly #names: Map<number, string>;
  readonly #outputs: readonly string[];
  readonly #layers: Layer[] = [];
  readonly #done = new Set<number>();

  constructor(graph: TfliteGraph, axes: Axes, outputs: readonly string[]) {
    this.#graph = graph;
    this.#axes = axes;
    this.#outputs = outputs;
    this.#producers = new Map(graph.operators.map((operator) => [operator.output, operator]));
    this.#names = new Map(graph.outputs.map((tensor, index) => [tensor, at(outputs, index)]));
    const input = at(graph.inputs, 0);
    this.#names.set(input, 'input');
    this.#done.add(input);
  }

  read(): Network {
    for (const output of this.#graph.outputs) this.#value(output);
    return { input: 'input', outputs: this.#outputs, layers: this.#layers };
  }

  /** Name of a tensor's value, with the layers that compute it appended first. */
  #value(tensor: number): string {
    const name = this.#names.get(tensor) ?? `t${tensor}`;
    if (!this.#done.has(tensor)) {
      this.#done.add(tensor);
      const operator = this.#producers.get(tensor);
      if (!operator) throw new Error(`no operator computes tensor ${tensor}`);
      this.#layers.push(this.#layer(operator, name));
    }
    return name;
  }

  #layer(operator: TfliteOperator, output: string): Layer {
    const [first = -1, second = -1] = operator.inputs;
    switch (operator.name) {
      case 'CONV_2D':
      case 'DEPTHWISE_CONV_2D':
        return this.#conv(operator, output, optionsOf(operator));
      case 'FULLY_CONNECTED':
        return this.#dense(operator, output);
      case 'MAX_POOL_2D':
        return this.#maxPool(operator, output, optionsOf(operator));
      case 'RESHAPE':
        return { op: 'flatten', inputs: [this.#value(first)], output };
      case 'ADD':
        return this.#addOrPRelu(operator, output);
      case 'DIV': {
        const input = matchSoftmax(operator, this.#producers);
        if (input !== null) return { op: 'softmax', inputs: [this.#value(input)], output };
      }
    }
    throw new Error(
      `expected ${operator.name} of tensors ${first} and ${second} to be part of a known pattern`,
    );
  }

  #addOrPRelu(operator: TfliteOperator, output: string): Layer {
    const prelu = matchPRelu(operator, this.#producers);
    if (!prelu) return { op: 'add', inputs: operator.inputs.map((tensor) => this.#value(tensor)), output };
    const slopes = this.#weights(prelu.factors).data.map((factor) => factor * prelu.scale);
    const rank = this.#shape(operator.output).length;
    return { op: 'prelu', inputs: [this.#value(prelu.input)], output, slopes, rank };
  }

  #conv(operator: TfliteOperator, output: string, options: FlatTable): Layer {
    const [input = -1, kernel = -1, bias = -1] = operator.inputs;
    const { y, x } = this.#axes;
    const depthwise = operator.name === 'DEPTHWISE_CONV_2D';
    requirePlain(operator, options.uint8(depthwise ? 4 : 3));
    // Kernels are stored as [output, …, input], those of a depthwise convolution as [1, …, channel].
    const weights = transpose(this.#weights(kernel), depthwise ? [3, 0, y, x] : [0, 3, y, x]);
    const [channels = 0, , height = 0, width = 0] = weights.shape;
    const stride = pairOf(options, 1, this.#axes);
    const [top, bottom] = this.#padding(operator, options, y, height, stride[0]);
    const [left, right] = this.#padding(operator, options, x, width, stride[1]);
    return {
      op: 'conv',
      inputs: [this.#value(input)],
      output,
      weights,
      bias: this.#weights(bias).data,
      groups: depthwise ? channels : 1,
      stride,
      pads: [top, left, bottom, right],
    };
  }

  #maxPool(operator: TfliteOperator, output: string, options: FlatTable): Layer {
    requirePlain(operator, options.uint8(5));
    const [input = -1] = operator.inputs;
    const [stride, kernel] = [pairOf(options, 1, this.#axes), pairOf(options, 3, this.#axes)];
    const [top] = this.#padding(operator, options, this.#axes.y, kernel[0], stride[0]);
    const [left] = this.#padding(operator, options, this.#axes.x, kernel[1], stride[1]);
    // Without padding at the start, TFLite's padding equals a last window that reaches past the edge.
    if (top > 0 || left > 0) throw new Error('expected pooling to pad at the end only');
    const ceil = options.uint8(0) === samePadding;
    return { op: 'maxpool', inputs: [this.#value(input)], output, kernel, stride, ceil };
  }

  /** How many zeros TFLite adds before and after along an axis, for the image size in the file. */
  #padding(operator: TfliteOperator, options: FlatTable, axis: number, kernel: number, stride: number) {
    if (options.uint8(0) !== samePadding) return [0, 0] as const;
    const [before, after] = [this.#shape(operator.inputs[0] ?? -1), this.#shape(operator.output)];
    const total = Math.max(0, (at(after, axis) - 1) * stride + kernel - at(before, axis));
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  }

  #dense(operator: TfliteOperator, output: string): Layer {
    const [input = -1, kernel = -1, bias = -1] = operator.inputs;
    requirePlain(operator, optionsOf(operator).uint8(0));
    const weights = this.#weights(kernel);
    const shared = { op: 'dense', output, bias: this.#weights(bias).data } as const;
    const shape = this.#shape(input);
    if (shape.length === 2) return { ...shared, inputs: [this.#value(input)], weights };
    const flat = `${output}_flat`;
    this.#layers.push({ op: 'flatten', inputs: [this.#value(input)], output: flat });
    return { ...shared, inputs: [flat], weights: this.#forFlattened(weights, shape) };
  }

  /** Weights for rows of (y, x, channel), or (x, y, channel), made to fit rows of (channel, y, x). */
  #forFlattened({ shape, data }: Weights, image: readonly number[]): Weights {
    const unfolded = { shape: [at(shape, 0), ...image.slice(1)], data };
    return { shape, data: transpose(unfolded, [0, 3, this.#axes.y, this.#axes.x]).data };
  }

  #weights(tensor: number): Weights {
    const weights = this.#graph.tensors[tensor]?.weights;
    if (!weights) throw new Error(`expected tensor ${tensor} to hold weights but it does not`);
    return weights;
  }

  #shape(tensor: number): readonly number[] {
    return at(this.#graph.tensors, tensor).shape;
  }
}

const samePadding = 0;

/**
 * Two options for the two axes of an image, vertical first. In the schema, `field` is the option for the file's second
 * axis, and the next field the option for its first.
 */
function pairOf(options: FlatTable, field: number, { y, x }: Axes): readonly [number, number] {
  return [options.int32(field + 2 - y), options.int32(field + 2 - x)];
}

function optionsOf(operator: TfliteOperator): FlatTable {
  if (!operator.options) throw new Error(`expected ${operator.name} to have options but it has none`);
  return operator.options;
}

function requirePlain(operator: TfliteOperator, activation: number): void {
  if (activation !== 0)
    throw new Error(`expected ${operator.name} without an activation but it has ${activation}`);
}

/** Which operator computes a tensor. */
type Producers = ReadonlyMap<number, TfliteOperator>;

/** A PReLU found in simpler operators: the slopes are `scale` times the weights of tensor `factors`. */
interface PReluMatch {
  readonly input: number;
  readonly factors: number;
  readonly scale: 1 | 2;
}

/**
 * Recognises both ways in which exporters spell out PReLU:
 * relu(x) + α · −relu(−x), so the slope is α; and relu(x) + c · (x − |x|), so the slope is 2c.
 */
function matchPRelu(add: TfliteOperator, producers: Producers): PReluMatch | null {
  const positive = producedBy(add.inputs[0], 'RELU', producers);
  const scaled = producedBy(add.inputs[1], 'MUL', producers);
  const [input] = positive?.inputs ?? [];
  const [factors, negative] = scaled?.inputs ?? [];
  if (input === undefined || factors === undefined) return null;
  if (isNegativePart(negative, input, producers)) return { input, factors, scale: 1 };
  if (isTwiceNegativePart(negative, input, producers)) return { input, factors, scale: 2 };
  return null;
}

/** −relu(−x) */
function isNegativePart(tensor: number | undefined, input: number, producers: Producers): boolean {
  const outer = producedBy(tensor, 'NEG', producers);
  const relu = producedBy(outer?.inputs[0], 'RELU', producers);
  const inner = producedBy(relu?.inputs[0], 'NEG', producers);
  return inner?.inputs[0] === input;
}

/** x − |x| */
function isTwiceNegativePart(tensor: number | undefined, input: number, producers: Producers): boolean {
  const difference = producedBy(tensor, 'SUB', producers);
  const absolute = producedBy(difference?.inputs[1], 'ABS', producers);
  return difference?.inputs[0] === input && absolute?.inputs[0] === input;
}

/** The input of exp(x − max x) / Σ exp(x − max x), or null. */
function matchSoftmax(div: TfliteOperator, producers: Producers): number | null {
  const exponential = producedBy(div.inputs[0], 'EXP', producers);
  const sum = producedBy(div.inputs[1], 'SUM', producers);
  const shifted = producedBy(exponential?.inputs[0], 'SUB', producers);
  const maximum = producedBy(shifted?.inputs[1], 'REDUCE_MAX', producers);
  const input = shifted?.inputs[0];
  const fits = sum?.inputs[0] === exponential?.output && maximum?.inputs[0] === input;
  return fits && input !== undefined && maximum ? input : null;
}

function producedBy(
  tensor: number | undefined,
  name: OperatorName,
  producers: Producers,
): TfliteOperator | undefined {
  const operator = tensor === undefined ? undefined : producers.get(tensor);
  return operator?.name === name ? operator : undefined;
}
