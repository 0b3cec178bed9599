import type { GlobalName } from './pickle-instructions.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/** What the pickle of a state dict is made of. An array stands for a tuple or a list. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | GlobalReference
  | StorageReference
  | TensorReference
  | PickleList
  | PickleDict;
export type PickleList = PickleValue[];
export type PickleDict = Map<string, PickleValue>;

/** A name, which stands for itself: nothing is looked up or called. */
export class GlobalReference {
  readonly name: GlobalName;

  constructor(name: GlobalName) {
    this.name = name;
  }
}

export type ElementType = 'float32' | 'int64';
export const elementBytes = { float32: 4, int64: 8 } as const;

/** Numbers that lie elsewhere in the file, under a key. */
export class StorageReference {
  readonly key: string;
  readonly elementType: ElementType;
  /** Number of elements. */
  readonly count: number;

  /** @param id ('storage', type, key, device, element count), with None behind it in the legacy format */
  constructor(id: PickleValue, at: number) {
    const [kind, type, key, , count, view = null] = Array.isArray(id) ? id : [];
    const elementType = type instanceof GlobalReference ? elementTypes.get(type.name) : undefined;
    if (kind !== 'storage' || !elementType || typeof key !== 'string' || !isCount(count) || view !== null) {
      throw weightsInvalid('a storage of floats or integers', `something else at byte ${at}`);
    }
    this.key = key;
    this.elementType = elementType;
    this.count = count;
  }
}

const elementTypes: ReadonlyMap<GlobalName, ElementType> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.LongStorage', 'int64'],
]);

const mostDimensions = 8;

/** How a tensor lies in its storage; offset and strides count elements. It is known to lie inside. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  /** @param args of _rebuild_tensor_v2: storage, offset, shape, strides, requires_grad, backward hooks */
  constructor(args: PickleValue, at: number) {
    const [storage, offset, shape, strides] = Array.isArray(args) ? args : [];
    if (
      !(storage instanceof StorageReference) ||
      !isCount(offset) ||
      !isCounts(shape) ||
      !isCounts(strides) ||
      shape.length !== strides.length ||
      shape.length > mostDimensions ||
      shape.includes(0)
    ) {
      throw weightsInvalid(
        'a tensor with a storage, an offset, a shape and strides',
        `another at byte ${at}`,
      );
    }
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
    // A stride of 0 could make a huge tensor of one number.
    if (last >= storage.count || product(shape) > storage.count) {
      throw weightsInvalid(
        `a tensor inside the ${storage.count} numbers of storage ${quoted(storage.key)}`,
        `shape [${shape.join(', ')}], strides [${strides.join(', ')}], offset ${offset} at byte ${at}`,
      );
    }
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
