import type { FlatTable } from './flat-table.js';
import { at, transpose, type Layer, type Network, type Weights } from './network.js';
import { matchPRelu, matchSoftmax } from './patterns.js';
import { readTflite, type TfliteGraph, type TfliteOperator } from './tflite.js';

/**
 * Reads a TFLite network that was trained on transposed images (width × height, as MTCNN's and MobileFaceNet's are)
 * into one for upright images.
 *
 * Every kernel has its two axes swapped, and the first fully-connected layer, which sees (width, height, channel)
 * rows, is reordered for (channel, height, width).
 *
 * @param outputs names for the outputs, in the order of the file's
 * @throws Error when the file has something that the converter does not know
 */
export function readNetwork(tflite: Uint8Array, outputs: readonly string[]): Network {
  const graph = readTflite(tflite);
  if (graph.outputs.length !== outputs.length) {
    throw new Error(`expected ${outputs.length} outputs but the file has ${graph.outputs.length}`);
  }
  return new NetworkReader(graph, outputs).read();
}

/** Indices of a TFLite kernel [output, x, y, input]: its second axis runs along the image's width. */
const fromKernel = [0, 3, 2, 1];
const fromDepthwiseKernel = [3, 0, 2, 1];

/** Walks back from the outputs, so that the parts of a recognised pattern are never looked at one by one. */
class NetworkReader {
  readonly #graph: TfliteGraph;
  readonly #producers: ReadonlyMap<number, TfliteOperator>;
  readonly #names: Map<number, string>;
  readonly #outputs: readonly string[];
  readonly #layers: Layer[] = [];
  readonly #done = new Set<number>();

  constructor(graph: TfliteGraph, outputs: readonly string[]) {
    this.#graph = graph;
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
        return this.#conv(operator, output, fromKernel, optionsOf(operator));
      case 'DEPTHWISE_CONV_2D':
        return this.#conv(operator, output, fromDepthwiseKernel, optionsOf(operator));
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

  #conv(operator: TfliteOperator, output: string, order: readonly number[], options: FlatTable): Layer {
    const [input = -1, kernel = -1, bias = -1] = operator.inputs;
    const depthwise = operator.name === 'DEPTHWISE_CONV_2D';
    const [stepX, stepY] = [options.int32(2), options.int32(1)];
    requirePlain(operator, options.uint8(depthwise ? 4 : 3));
    const weights = transpose(this.#weights(kernel), order);
    const [channels = 0, , height = 0, width = 0] = weights.shape;
    const [before, after] = [this.#shape(input), this.#shape(operator.output)];
    const same = options.uint8(0) === samePadding;
    const [left, right] = same ? paddingOf(at(before, 1), at(after, 1), width, stepX) : [0, 0];
    const [top, bottom] = same ? paddingOf(at(before, 2), at(after, 2), height, stepY) : [0, 0];
    return {
      op: 'conv',
      inputs: [this.#value(input)],
      output,
      weights,
      bias: this.#weights(bias).data,
      groups: depthwise ? channels : 1,
      stride: [stepY, stepX],
      pads: [top, left, bottom, right],
    };
  }

  #maxPool(operator: TfliteOperator, output: string, options: FlatTable): Layer {
    requirePlain(operator, options.uint8(5));
    const [input = -1] = operator.inputs;
    const stride = [options.int32(1), options.int32(2)] as const;
    const kernel = [options.int32(3), options.int32(4)] as const;
    const ceil = options.uint8(0) === samePadding;
    const [before, after] = [this.#shape(input), this.#shape(operator.output)];
    const padsInFront = [1, 2].some((axis) => {
      const [front] = paddingOf(
        at(before, axis),
        at(after, axis),
        at(kernel, 2 - axis),
        at(stride, 2 - axis),
      );
      return ceil && front > 0;
    });
    // Only then is TFLite's padding the same as a last window that reaches past the edge.
    if (padsInFront) throw new Error('expected pooling to pad at the end only');
    return { op: 'maxpool', inputs: [this.#value(input)], output, kernel, stride, ceil };
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
    return { ...shared, inputs: [flat], weights: forUprightRows(weights, shape) };
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

/** Zeros in front and behind that TFLite's SAME adds along one axis. */
function paddingOf(before: number, after: number, kernel: number, stride: number): [number, number] {
  const total = Math.max(0, (after - 1) * stride + kernel - before);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Weights [output, (x, y, channel)] for rows of (channel, y, x). */
function forUprightRows(
  { shape, data }: Weights,
  [, width = 0, height = 0, channels = 0]: readonly number[],
): Weights {
  const unfolded = { shape: [at(shape, 0), width, height, channels], data };
  return { shape, data: transpose(unfolded, [0, 3, 2, 1]).data };
}

function optionsOf(operator: TfliteOperator): FlatTable {
  if (!operator.options) throw new Error(`expected ${operator.name} to have options but it has none`);
  return operator.options;
}

function requirePlain(operator: TfliteOperator, activation: number): void {
  if (activation !== 0)
    throw new Error(`expected ${operator.name} without an activation but it has ${activation}`);
}
