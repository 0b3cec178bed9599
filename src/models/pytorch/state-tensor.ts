import { elementBytes, product, type ElementType, type TensorReference } from './pickle-values.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/** A tensor of a state dict; its numbers stay in the bytes of the file until they are asked for. */
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

  /** A copy of the numbers, last dimension fastest. The element type must be float32. */
  floats(): Float32Array {
    const { offset, shape, strides } = this.#reference;
    if (isContiguous(shape, strides)) return this.#copy(offset, offset + product(shape));
    const { buffer, byteOffset, byteLength } = this.#storage;
    const view = new DataView(buffer, byteOffset, byteLength);
    return Float32Array.from(positionsOf(this.#reference), (position) => view.getFloat32(4 * position, true));
  }

  /** In the file floats need not begin at a multiple of four bytes. */
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
