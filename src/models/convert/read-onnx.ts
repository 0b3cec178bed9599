import { at, type Layer, type Network, type Weights } from './network.js';
import { onnxSchema } from './write-onnx.js';

/** The messages that are read here, as protobufjs decodes them. */
interface Graph {
  readonly node: readonly Node[];
  readonly initializer: readonly { name: string; dims: number[]; dataType: number; rawData: Uint8Array }[];
  readonly input: readonly { name: string }[];
  readonly output: readonly { name: string }[];
}

interface Node {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly { name: string; i: number; ints: number[] }[];
}

const elementFloat = 1;

/**
 * Reads an ONNX file that holds a chain of convolutions, PReLUs and additions, and a last reshape to rows, into a
 * network with an open batch size.
 *
 * @param outputs names for the outputs, in the order in which the file lists them
 * @throws Error if the file is not ONNX, or has something that the converter does not support
 */
export function readOnnx(file: Uint8Array, outputs: readonly string[]): Network {
  const graph = readGraph(file);
  if (graph.output.length !== outputs.length) {
    throw new Error(`expected ${outputs.length} outputs but the file has ${graph.output.length}`);
  }
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const [input] = graph.input.filter(({ name }) => !weights.has(name));
  if (!input) throw new Error('expected an input but the file has none');
  const names = new Map(graph.output.map(({ name }, index) => [name, at(outputs, index)]));
  names.set(input.name, 'input');
  const nameOf = (value: string) => names.get(value) ?? `v${value}`;
  const constant = (name = ''): Weights => toWeights(name, weights.get(name));
  const layers = graph.node.map((node) => toLayer(node, nameOf, constant));
  return { input: 'input', outputs, layers };
}

function readGraph(file: Uint8Array): Graph {
  const type = onnxSchema.lookupType('ModelProto');
  const { graph } = type.toObject(type.decode(file), { longs: Number, defaults: true, arrays: true });
  if (!graph) throw new Error('the file is not an ONNX file with a network');
  return graph as Graph;
}

function toLayer(node: Node, nameOf: (value: string) => string, constant: (name?: string) => Weights): Layer {
  const [first = '', second, third] = node.input;
  const output = nameOf(node.output[0] ?? '');
  switch (node.opType) {
    case 'Conv':
      return {
        ...{ op: 'conv', inputs: [nameOf(first)], output, ...convOptions(node) },
        ...{ weights: constant(second), bias: third ? constant(third).data : null },
      };
    case 'PRelu':
      return { op: 'prelu', inputs: [nameOf(first)], output, slopes: constant(second).data, rank: 4 };
    case 'Add':
      return { op: 'add', inputs: node.input.map(nameOf), output };
    // These networks only reshape to rows; the row length in the file is for a batch of one.
    case 'Reshape':
      return { op: 'flatten', inputs: [nameOf(first)], output };
    default:
      throw new Error(`the file has operator ${node.opType}, which is not supported`);
  }
}

function convOptions({ attribute }: Node) {
  const ints = (name: string) => attribute.find((each) => each.name === name)?.ints ?? [];
  const stride = ints('strides');
  const pads = ints('pads');
  if (ints('dilations').some((size) => size !== 1))
    throw new Error('expected a convolution without dilation');
  return {
    groups: attribute.find(({ name }) => name === 'group')?.i ?? 1,
    stride: [at(stride, 0), at(stride, 1)],
    pads: [at(pads, 0), at(pads, 1), at(pads, 2), at(pads, 3)],
  } as const;
}

function toWeights(name: string, tensor: Graph['initializer'][number] | undefined): Weights {
  if (tensor?.dataType !== elementFloat) throw new Error(`expected ${name} to hold weights but it does not`);
  // Copied, because the numbers in a file need not lie at a multiple of four in memory.
  const data = new Float32Array(Uint8Array.from(tensor.rawData).buffer);
  if (data.length !== tensor.dims.reduce((product, size) => product * size, 1)) {
    throw new Error(`expected ${name} to have ${tensor.dims.join('×')} numbers but it has ${data.length}`);
  }
  return { shape: tensor.dims, data };
}
