import type { FlatTable } from './flat-table.js';
import { at, transpose, type Layer, type Network, type Weights } from './network.js';
import { matchPRelu, matchSoftmax } from './patterns.js';
import { readTflite, type TfliteGraph, type TfliteOperator } from './tflite.js';

/** Which side of the image runs along the first of an image's two axes in a file. */
export type AxisOrder = 'height-first' | 'width-first';

/**
 * Reads a TFLite network into one for upright images in NCHW.
 *
 * TensorFlow's order is height first. MTCNN's files were exported width first, from networks trained on transposed
 * images: there every kernel has its two axes swapped, and the first fully-connected layer, which sees (width,
 * height, channel) rows, is reordered for (channel, height, width).
 *
 * @param outputs names for the outputs, in the order of the file's
 * @throws Error when the file has something that the converter does not know
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

/** Walks back from the outputs, so that the parts of a recognised pattern are never looked at one by one. */
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
      if (!operator) throw new Error(`expected something to compute tensor ${tensor} but nothing does`);
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
    // Kernels stand as [output, …, input], those of a depthwise convolution as [1, …, channel].
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
    // Only then is TFLite's padding the same as a last window that reaches past the edge.
    if (top > 0 || left > 0) throw new Error('expected pooling to pad at the end only');
    const ceil = options.uint8(0) === samePadding;
    return { op: 'maxpool', inputs: [this.#value(input)], output, kernel, stride, ceil };
  }

  /** Zeros in front and behind that TFLite adds along an axis, for the image size that stands in the file. */
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
 * Two options for the two axes of an image, vertical first. The schema puts that for the file's second axis at
 * `field`, and that for its first behind.
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
