import type { StateDict } from '../pytorch/state-dict.js';
import type { StateTensor } from '../pytorch/state-tensor.js';
import { quoted, weightsInvalid } from '../pytorch/weights-invalid.js';

/** The parameters of a weight file, asked for one by one while a network is built, so that none is left unread. */
export class Parameters {
  readonly #tensors: Map<string, StateTensor>;

  constructor(tensors: StateDict) {
    this.#tensors = new Map(tensors);
  }

  /**
   * The numbers of one parameter, last dimension fastest.
   *
   * @throws SightlineError WEIGHTS_INVALID when it is missing, of another shape, or holds what is no number
   */
  take(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw weightsInvalid(`a parameter ${name}`, 'none of that name');
    requireShape(name, tensor, 'float32', shape);
    this.#tensors.delete(name);
    const values = tensor.floats();
    if (!values.every(Number.isFinite)) throw weightsInvalid(`numbers in ${name}`, 'NaN or infinity');
    return values;
  }

  /** Drops a parameter of training that a file may have and the network has no use for. */
  drop(name: string, elementType: 'float32' | 'int64', shape: readonly (number | null)[]): void {
    const tensor = this.#tensors.get(name);
    if (tensor) requireShape(name, tensor, elementType, shape);
    this.#tensors.delete(name);
  }

  /** @throws SightlineError WEIGHTS_INVALID when a parameter is left */
  requireAllTaken(): void {
    const [first] = this.#tensors.keys();
    if (first !== undefined) throw weightsInvalid('the parameters of the network and no more', quoted(first));
  }
}

/** @param shape in which null stands for any size */
function requireShape(
  name: string,
  { elementType, shape: received }: StateTensor,
  expectedType: 'float32' | 'int64',
  shape: readonly (number | null)[],
): void {
  const fits =
    shape.length === received.length && shape.every((size, axis) => size === null || size === received[axis]);
  if (fits && elementType === expectedType) return;
  const expected = `${expectedType} [${shape.map((size) => size ?? 'any').join(', ')}]`;
  throw weightsInvalid(`${name} of ${expected}`, `${elementType} [${received.join(', ')}]`);
}
