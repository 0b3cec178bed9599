import { FlatTable } from './flat-table.js';
import { at, type Weights } from './network.js';

/** The operators of TFLite that the converter knows, by their number in BuiltinOperator. */
const operatorNames = {
  0: 'ADD',
  3: 'CONV_2D',
  4: 'DEPTHWISE_CONV_2D',
  9: 'FULLY_CONNECTED',
  17: 'MAX_POOL_2D',
  18: 'MUL',
  19: 'RELU',
  22: 'RESHAPE',
  41: 'SUB',
  42: 'DIV',
  47: 'EXP',
  59: 'NEG',
  74: 'SUM',
  82: 'REDUCE_MAX',
  101: 'ABS',
} as const;

export type OperatorName = (typeof operatorNames)[keyof typeof operatorNames];

/** Inputs and outputs are indices of tensors; −1 stands for an optional input that is left out. */
export interface TfliteOperator {
  readonly name: OperatorName;
  readonly inputs: readonly number[];
  readonly output: number;
  /** The operator's own table of options. */
  readonly options: FlatTable | null;
}

interface TfliteTensor {
  /** Channels last. */
  readonly shape: readonly number[];
  /** Null for a value that is computed. */
  readonly weights: Weights | null;
}

/** The one subgraph of a TFLite file, computing in 32-bit floats. */
export interface TfliteGraph {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Reads a TFLite file.
 * Field numbers from tensorflow/compiler/mlir/lite/schema/schema.fbs.
 *
 * @throws Error when the file is no TFLite file, or has an operator that the converter does not know
 */
export function readTflite(bytes: Uint8Array): TfliteGraph {
  const model = FlatTable.root(bytes, 'TFL3');
  const operators = model.tables(1).map(operatorName);
  const subgraph = at(model.tables(2), 0);
  const buffers = model.tables(4).map((buffer) => buffer.bytes(0));
  return {
    tensors: subgraph.tables(0).map((tensor) => readTensor(tensor, buffers)),
    inputs: subgraph.int32s(1),
    outputs: subgraph.int32s(2),
    operators: subgraph.tables(3).map((operator) => ({
      name: at(operators, operator.int32(0)),
      inputs: operator.int32s(1),
      output: at(operator.int32s(2), 0),
      options: operator.table(4),
    })),
  };
}

function operatorName(code: FlatTable): OperatorName {
  // Files older than the second field keep the number in the first, one byte wide.
  const number = Math.max(code.int32(3), code.uint8(0));
  const name = Object.entries(operatorNames).find(([known]) => Number(known) === number)?.[1];
  if (!name) throw new Error(`expected operators it knows but the file has number ${number}`);
  return name;
}

function readTensor(tensor: FlatTable, buffers: readonly Uint8Array[]): TfliteTensor {
  const shape = tensor.int32s(0);
  const [float32, type] = [0, tensor.uint8(1)];
  const content = at(buffers, tensor.int32(2));
  const isWeights = type === float32 && content.length > 0;
  return { shape, weights: isWeights ? { shape, data: toFloats(content) } : null };
}

/** Copies, because the numbers in a file need not lie at a multiple of four in memory. */
function toFloats(content: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(content).buffer);
}
