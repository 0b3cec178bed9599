import { onnxSchema } from '../../src/models/convert/write-onnx.js';

/** A dimension: a number, or the name of one that is left open. */
type Size = number | string;

export interface MadeNetwork {
  readonly input: readonly Size[];
  readonly nodes: readonly MadeNode[];
  readonly constants?: Readonly<Record<string, { readonly dims: number[]; readonly data: Float32Array }>>;
  readonly output: string;
  /** ONNX's number of the element type; 1 is float32. */
  readonly elemType?: number;
  /** Further inputs, of the same type and shape. */
  readonly moreInputs?: readonly string[];
}

export interface MadeNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, readonly number[]>>;
  readonly int?: Readonly<Record<string, number>>;
}

/** Writes a small network as an ONNX file; its input is called `input`. */
export function onnxFile(network: MadeNetwork): Uint8Array {
  const { input, nodes, constants = {}, output, elemType = 1, moreInputs = [] } = network;
  const dim = input.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const type = { tensorType: { elemType, shape: { dim } } };
  const model = onnxSchema.lookupType('ModelProto');
  const content = {
    irVersion: 8,
    producerName: 'test',
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'network',
      node: nodes.map(nodeOf),
      initializer: Object.entries(constants).map(([name, { dims, data }]) => {
        return { name, dims, dataType: 1, rawData: new Uint8Array(data.buffer) };
      }),
      input: ['input', ...moreInputs].map((name) => ({ name, type })),
      output: [{ name: output, type: { tensorType: { elemType } } }],
    },
  };
  return model.encode(model.create(content)).finish();
}

function nodeOf({ op, inputs, output, ints = {}, int = {} }: MadeNode): object {
  return {
    ...{ opType: op, name: output, input: inputs, output: [output] },
    attribute: [
      ...Object.entries(ints).map(([name, values]) => ({ name, ints: values, type: 7 })),
      ...Object.entries(int).map(([name, value]) => ({ name, i: value, type: 2 })),
    ],
  };
}

/** A network of the manifest, written by this program, that takes its faces as N×side×side×3 instead. */
export function channelsLast(file: Uint8Array, side: number): Uint8Array {
  const model = onnxSchema.lookupType('ModelProto');
  const content = model.toObject(model.decode(file), { longs: Number }) as {
    graph: { node: object[]; input: { name: string; type: object }[] };
  };
  const { graph } = content;
  const taken = graph.input[0]!.name;
  const dim = [{ dimParam: 'N' }, { dimValue: side }, { dimValue: side }, { dimValue: 3 }];
  graph.input = [{ name: 'pixels', type: { tensorType: { elemType: 1, shape: { dim } } } }];
  const transpose = { op: 'Transpose', inputs: ['pixels'], output: taken, ints: { perm: [0, 3, 1, 2] } };
  graph.node.unshift(nodeOf(transpose));
  return model.encode(model.fromObject(content)).finish();
}
