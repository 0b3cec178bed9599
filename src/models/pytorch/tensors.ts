import { quoted, weightsInvalid } from './byte-cursor.js';

/** A value in the pickle of a state dict. An array stands for a tuple or a list. */
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

/** Everything that the pickle of a state dict refers to by name. Names are only ever compared, never looked up. */
export const globals = [
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch.FloatStorage',
  'torch.LongStorage',
] as const;
export type GlobalName = (typeof globals)[number];

/** A reference to a Python name. The name is only compared; nothing is looked up or called. */
export class GlobalReference {
  readonly name: GlobalName;

  constructor(name: GlobalName) {
    this.name = name;
  }
}

export type ElementType = 'float32' | 'int64';
export const elementBytes = { float32: 4, int64: 8 } as const;

/** A reference to numbers that are stored elsewhere in the file under a key. */
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

/** How a tensor lies in its storage. Offset and strides count elements; the constructor checks that it fits. */
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

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

/** A tensor of a state dict. Its numbers stay in the bytes of the file until they are read. */
export class StateTensor {
  readonly #reference: TensorReference;
  readonly #storage: Uint8Array;

  /** @param storage all bytes of the storage that `reference` lies in */
  constructor(reference: TensorReference, storage: Uint8Array) {
    const { key, count, elementType } = reference.storage;
    const bytes = count * elementBytes[elementType];
    if (storage.length !== bytes) {
      throw weightsInvalid(`${bytes} bytes in storage ${quoted(key)}`, `${storage.length}`);
    }
    this.#reference = reference;
    this.#storage = storage;
  }

  get shape(): readonly number[] {
    return this.#reference.shape;
  }

  get elementType(): ElementType {
    return this.#reference.storage.elementType;
  }

  /** A copy of the numbers, last dimension fastest. Only for tensors of element type float32. */
  floats(): Float32Array {
    const { offset, shape, strides } = this.#reference;
    if (isContiguous(shape, strides)) return this.#copy(offset, offset + product(shape));
    const { buffer, byteOffset, byteLength } = this.#storage;
    const view = new DataView(buffer, byteOffset, byteLength);
    return Float32Array.from(positionsOf(this.#reference), (position) => view.getFloat32(4 * position, true));
  }

  /** Copies, because floats in a file need not begin at a multiple of four bytes. */
  #copy(start: number, end: number): Float32Array {
    return new Float32Array(new Uint8Array(this.#storage.subarray(4 * start, 4 * end)).buffer);
  }
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  return shape.every((size, axis) => size === 1 || strides[axis] === product(shape.slice(axis + 1)));
}

/** Where each element stands in the storage. */
function positionsOf({ offset, shape, strides }: TensorReference): number[] {
  return shape.reduce(
    (positions, size, axis) =>
      positions.flatMap((start) =>
        Array.from({ length: size }, (_, index) => start + index * (strides[axis] ?? 0)),
      ),
    [offset],
  );
}
