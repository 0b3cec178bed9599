import protobuf from 'protobufjs';
import type { Layer, Network, Weights } from './network.js';

/**
 * The messages of onnx.proto that these networks need, with their field numbers.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const onnxSchema = protobuf.Root.fromJSON({
  nested: {
    ModelProto: message({
      irVersion: ['int64', 1],
      producerName: ['string', 2],
      graph: ['GraphProto', 7],
      opsetImport: ['OperatorSetIdProto', 8, 'repeated'],
    }),
    OperatorSetIdProto: message({ domain: ['string', 1], version: ['int64', 2] }),
    GraphProto: message({
      node: ['NodeProto', 1, 'repeated'],
      name: ['string', 2],
      initializer: ['TensorProto', 5, 'repeated'],
      input: ['ValueInfoProto', 11, 'repeated'],
      output: ['ValueInfoProto', 12, 'repeated'],
    }),
    NodeProto: message({
      input: ['string', 1, 'repeated'],
      output: ['string', 2, 'repeated'],
      name: ['string', 3],
      opType: ['string', 4],
      attribute: ['AttributeProto', 5, 'repeated'],
    }),
    AttributeProto: message({
      name: ['string', 1],
      i: ['int64', 3],
      ints: ['int64', 8, 'repeated'],
      type: ['int32', 20],
    }),
    TensorProto: message({
      dims: ['int64', 1, 'repeated'],
      dataType: ['int32', 2],
      name: ['string', 8],
      rawData: ['bytes', 9],
    }),
    ValueInfoProto: message({ name: ['string', 1], type: ['TypeProto', 2] }),
    TypeProto: message({ tensorType: ['TensorTypeProto', 1] }),
    TensorTypeProto: message({ elemType: ['int32', 1], shape: ['TensorShapeProto', 2] }),
    TensorShapeProto: message({ dim: ['DimensionProto', 1, 'repeated'] }),
    DimensionProto: message({ dimValue: ['int64', 1], dimParam: ['string', 2] }),
  },
});

type FieldSpec = readonly [type: string, id: number, rule?: 'repeated'];

function message(specs: Record<string, FieldSpec>): protobuf.IType {
  const fields = Object.entries(specs).map(([name, [type, id, rule]]) => [
    name,
    { type, id, ...(rule && { rule }) },
  ]);
  return { fields: Object.fromEntries(fields) as Record<string, protobuf.IField> };
}

const elementFloat = 1;
const attributeInt = 2;
const attributeInts = 7;

/**
 * Writes a network as an ONNX file, operator set 13.
 *
 * @param inputShape shape of the input in NCHW order; a string names a dimension that is left open
 * @returns the bytes of the file
 */
export function writeOnnx(network: Network, inputShape: readonly (number | string)[]): Uint8Array {
  const writer = new GraphWriter();
  for (const layer of network.layers) writer.add(layer);
  const dim = inputShape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const model = onnxSchema.lookupType('ModelProto');
  const content = {
    irVersion: 8,
    producerName: 'sightline',
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'network',
      node: writer.nodes,
      initializer: writer.initializers,
      input: [{ name: network.input, type: { tensorType: { elemType: elementFloat, shape: { dim } } } }],
      output: network.outputs.map((name) => ({ name, type: { tensorType: { elemType: elementFloat } } })),
    },
  };
  return model.encode(model.create(content)).finish();
}

type Attributes = Record<string, number | readonly number[]>;

class GraphWriter {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];

  add(layer: Layer): void {
    switch (layer.op) {
      case 'conv': {
        const { weights, bias, stride, pads, groups } = layer;
        const constants = [weights, ...(bias ? [vector(bias)] : [])];
        const kernel = weights.shape.slice(2);
        this.#node('Conv', layer, constants, { kernel_shape: kernel, strides: stride, pads, group: groups });
        break;
      }
      case 'dense':
        this.#node('Gemm', layer, [layer.weights, vector(layer.bias)], { transB: 1 });
        break;
      case 'prelu': {
        const shape = [layer.slopes.length, ...Array<number>(layer.rank - 2).fill(1)];
        this.#node('PRelu', layer, [{ shape, data: layer.slopes }]);
        break;
      }
      case 'maxpool':
        this.#node('MaxPool', layer, [], {
          kernel_shape: layer.kernel,
          strides: layer.stride,
          ceil_mode: Number(layer.ceil),
        });
        break;
      case 'softmax':
        this.#node('Softmax', layer, [], { axis: 1 });
        break;
      case 'flatten':
        this.#node('Flatten', layer, [], { axis: 1 });
        break;
      case 'add':
        this.#node('Add', layer, []);
        break;
      case 'concat':
        this.#node('Concat', layer, [], { axis: 1 });
        break;
      case 'global-average-pool':
        this.#node('GlobalAveragePool', layer, []);
        break;
      case 'relu':
        this.#node('Relu', layer, []);
        break;
      case 'sigmoid':
        this.#node('Sigmoid', layer, []);
        break;
    }
  }

  #node(opType: string, layer: Layer, constants: readonly Weights[], attributes: Attributes = {}): void {
    const names = constants.map((constant, index) =>
      this.#initializer(`${layer.output}_c${index}`, constant),
    );
    this.nodes.push({
      opType,
      name: layer.output,
      input: [...layer.inputs, ...names],
      output: [layer.output],
      attribute: Object.entries(attributes).map(([name, value]) =>
        typeof value === 'number'
          ? { name, i: value, type: attributeInt }
          : { name, ints: value, type: attributeInts },
      ),
    });
  }

  #initializer(name: string, { shape, data }: Weights): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dims: shape, dataType: elementFloat, rawData });
    return name;
  }
}

function vector(data: Float32Array): Weights {
  return { shape: [data.length], data };
}
