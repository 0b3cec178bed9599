import { ByteBuffer } from 'flatbuffers';
import { at, type Weights } from './network.js';

/** The TFLite operators that the converter supports, by their number in BuiltinOperator. */
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

/** Inputs and outputs are tensor indices; −1 stands for an omitted optional input. */
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
 * Reads a TFLite file. The field numbers are those of tensorflow/compiler/mlir/lite/schema/schema.fbs.
 *
 * @throws Error if the file is not a TFLite file, or has an operator that the converter does not support
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
  // Files from before the second field existed keep the number in the first, which is one byte wide.
  const number = Math.max(code.int32(3), code.uint8(0));
  const name = Object.entries(operatorNames).find(([known]) => Number(known) === number)?.[1];
  if (!name) throw new Error(`the file has operator ${number}, which is not supported`);
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

/**
 * A table of a flatbuffer, read by the field numbers of its schema. A field that is missing in the file reads as its
 * default: zero, an empty string or list, or null for a table.
 *
 * Format: https://flatbuffers.dev/internals/
 */
export class FlatTable {
  readonly #buffer: ByteBuffer;
  /** Where the table begins, in bytes from the start of the file. */
  readonly position: number;

  private constructor(buffer: ByteBuffer, position: number) {
    if (position + 4 > buffer.capacity()) throw new Error('the flatbuffer is truncated');
    this.#buffer = buffer;
    this.position = position;
  }

  /** The root table of a file that carries the given four-letter identifier. */
  static root(bytes: Uint8Array, identifier: string): FlatTable {
    const buffer = new ByteBuffer(bytes);
    if (bytes.length < 8 || !buffer.__has_identifier(identifier)) {
      throw new Error(`expected a flatbuffer with the identifier ${identifier}`);
    }
    return new FlatTable(buffer, buffer.readUint32(0));
  }

  uint8(field: number): number {
    const at = this.#at(field);
    return at ? this.#buffer.readUint8(at) : 0;
  }

  int32(field: number): number {
    const at = this.#at(field);
    return at ? this.#buffer.readInt32(at) : 0;
  }

  string(field: number): string {
    const bytes = this.bytes(field);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  table(field: number): FlatTable | null {
    const at = this.#at(field);
    return at ? new FlatTable(this.#buffer, this.#buffer.__indirect(at)) : null;
  }

  /** A list of tables. */
  tables(field: number): FlatTable[] {
    return this.#elements(field, 4, (at) => new FlatTable(this.#buffer, this.#buffer.__indirect(at)));
  }

  int32s(field: number): number[] {
    return this.#elements(field, 4, (at) => this.#buffer.readInt32(at));
  }

  /** A list of bytes, or the UTF-8 bytes of a string; shares memory with the file. */
  bytes(field: number): Uint8Array {
    const at = this.#at(field);
    if (!at) return new Uint8Array();
    const start = this.#buffer.__vector(at);
    return this.#buffer.bytes().subarray(start, start + this.#buffer.__vector_len(at));
  }

  #elements<T>(field: number, size: number, read: (at: number) => T): T[] {
    const at = this.#at(field);
    if (!at) return [];
    const start = this.#buffer.__vector(at);
    return Array.from({ length: this.#buffer.__vector_len(at) }, (_, index) => read(start + index * size));
  }

  /** Position of a field, or 0 if the table does not have it. */
  #at(field: number): number {
    const offset = this.#buffer.__offset(this.position, 4 + 2 * field);
    return offset ? this.position + offset : 0;
  }
}
