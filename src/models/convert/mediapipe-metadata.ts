import { Builder, type Offset } from 'flatbuffers';
import { FlatTable } from './tflite.js';

/** The fields of table Model in TFLite's schema.fbs that are carried over or replaced. */
const model = {
  version: 0,
  operatorCodes: 1,
  subgraphs: 2,
  description: 3,
  buffers: 4,
  metadata: 6,
} as const;

/** Alignment that TFLite promises to the weights in a file. */
const weightAlignment = 16;

/**
 * Adds the metadata that MediaPipe Tasks requires to a BlazeFace file: a buffer TFLITE_METADATA that says how pixels
 * are scaled to −1…1. The original file is kept byte for byte; a new root table in front of it points into it.
 *
 * Schemas: tensorflow/compiler/mlir/lite/schema/schema.fbs, and metadata_schema.fbs of TFLite Support
 */
export function addMediapipeMetadata(tflite: Uint8Array): Uint8Array {
  const original = FlatTable.root(tflite, 'TFL3');
  const builder = new Builder(tflite.length + 4096);
  const end = appendAligned(builder, tflite);
  /** Builder counts offsets from the end of the file. */
  const carried = (table: FlatTable): Offset => end - table.position;

  const metadataBuffer = writeTable(builder, [[0, byteVector(builder, imageMetadata())]]);
  const buffers = original.tables(model.buffers);
  const metadataEntry = createMetadataEntry(builder, buffers.length);
  const vectors = {
    operatorCodes: offsetVector(builder, original.tables(model.operatorCodes).map(carried)),
    subgraphs: offsetVector(builder, original.tables(model.subgraphs).map(carried)),
    description: builder.createString(original.string(model.description)),
    buffers: offsetVector(builder, [...buffers.map(carried), metadataBuffer]),
    metadata: offsetVector(builder, [...original.tables(model.metadata).map(carried), metadataEntry]),
  };
  builder.startObject(7);
  builder.addFieldInt32(model.version, original.int32(model.version), 0);
  for (const name of ['operatorCodes', 'subgraphs', 'description', 'buffers', 'metadata'] as const) {
    builder.addFieldOffset(model[name], vectors[name], 0);
  }
  builder.finish(builder.endObject(), 'TFL3');
  return builder.asUint8Array();
}

/** A ModelMetadata file: one input, an RGB image, normalised as (x − 127.5) / 127.5. */
function imageMetadata(): Uint8Array {
  const [rgb, imageProperties, normalizationOptions] = [1, 2, 1];
  const builder = new Builder(512);
  const properties = writeTable(builder, [[0, rgb, 'byte']]);
  const content = writeTable(builder, [
    [0, imageProperties, 'byte'],
    [1, properties],
  ]);
  const [mean, deviation] = [floatVector(builder, 127.5), floatVector(builder, 127.5)];
  const normalization = writeTable(builder, [
    [0, mean],
    [1, deviation],
  ]);
  const unit = writeTable(builder, [
    [0, normalizationOptions, 'byte'],
    [1, normalization],
  ]);
  const units = offsetVector(builder, [unit]);
  const input = writeTable(builder, [
    [3, content],
    [4, units],
  ]);
  const inputs = offsetVector(builder, [input]);
  const subgraph = writeTable(builder, [[2, inputs]]);
  const subgraphs = offsetVector(builder, [subgraph]);
  builder.finish(writeTable(builder, [[3, subgraphs]]), 'M001');
  return builder.asUint8Array();
}

function createMetadataEntry(builder: Builder, bufferIndex: number): Offset {
  const name = builder.createString('TFLITE_METADATA');
  return writeTable(builder, [
    [0, name],
    [1, bufferIndex, 'uint'],
  ]);
}

type Field = readonly [field: number, value: number, type?: 'byte' | 'uint'];

/** A table; a field without a type holds an offset. */
function writeTable(builder: Builder, fields: readonly Field[]): Offset {
  builder.startObject(Math.max(...fields.map(([field]) => field)) + 1);
  for (const [field, value, type] of fields) {
    if (type === 'byte') builder.addFieldInt8(field, value, 0);
    else if (type === 'uint') builder.addFieldInt32(field, value, 0);
    else builder.addFieldOffset(field, value, 0);
  }
  return builder.endObject();
}

function offsetVector(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

function floatVector(builder: Builder, value: number): Offset {
  builder.startVector(4, 1, 4);
  builder.addFloat32(value);
  return builder.endVector();
}

function byteVector(builder: Builder, bytes: Uint8Array): Offset {
  builder.startVector(1, bytes.length, weightAlignment);
  for (const byte of bytes.toReversed()) builder.addInt8(byte);
  return builder.endVector();
}

/** Writes bytes so that they begin at a multiple of 16, and returns the offset of the first. */
function appendAligned(builder: Builder, bytes: Uint8Array): Offset {
  const lengthPrefix = 4;
  return byteVector(builder, bytes) - lengthPrefix;
}
