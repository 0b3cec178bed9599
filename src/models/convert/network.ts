/**
 * A small network in ONNX's terms: values are NCHW or [N, features], and layers are listed in the order in which they
 * run. TFLite files and PyTorch weights are read into this form, which is then optimised and written as ONNX.
 */
export interface Network {
  /** Name of the one input. */
  readonly input: string;
  readonly outputs: readonly string[];
  readonly layers: readonly Layer[];
}

export type Layer = Conv | Dense | PRelu | MaxPool | Plain;

interface LayerBase {
  /** Names of the values that go in. */
  readonly inputs: readonly string[];
  /** Name of the value that comes out. */
  readonly output: string;
}

export interface Conv extends LayerBase {
  readonly op: 'conv';
  /** [output channels, input channels / groups, kernel height, kernel width] */
  readonly weights: Weights;
  readonly bias: Float32Array | null;
  readonly groups: number;
  /** Vertical, horizontal. */
  readonly stride: readonly [number, number];
  /** Zeros added at the top, left, bottom and right. */
  readonly pads: readonly [number, number, number, number];
}

interface Dense extends LayerBase {
  readonly op: 'dense';
  /** [output features, input features] */
  readonly weights: Weights;
  readonly bias: Float32Array;
}

/** max(x, 0) + slope · min(x, 0), one slope a channel. */
export interface PRelu extends LayerBase {
  readonly op: 'prelu';
  readonly slopes: Float32Array;
  /** Number of dimensions of the value: 4 or 2. */
  readonly rank: number;
}

export interface MaxPool extends LayerBase {
  readonly op: 'maxpool';
  /** Vertical, horizontal. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Whether a last window that reaches past the edge is included. */
  readonly ceil: boolean;
}

/**
 * `softmax` runs over the channels, `concat` joins them, and `global-average-pool` reduces each to one value; `flatten`
 * keeps the first dimension.
 */
interface Plain extends LayerBase {
  readonly op: 'relu' | 'sigmoid' | 'add' | 'concat' | 'flatten' | 'softmax' | 'global-average-pool';
}

export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reorders the dimensions of a tensor: dimension i of the result is dimension `order[i]` of the source. */
export function transpose({ shape, data }: Weights, order: readonly number[]): Weights {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const resultShape = order.map((axis) => at(shape, axis));
  const steps = order.map((axis) => at(strides, axis));
  const result = new Float32Array(data.length);
  const index = resultShape.map(() => 0);
  for (let position = 0; position < result.length; position++) {
    const source = index.reduce((sum, value, axis) => sum + value * at(steps, axis), 0);
    result[position] = at(data, source);
    advance(index, resultShape);
  }
  return { shape: resultShape, data: result };
}

/** Increments a multi-dimensional index, last dimension fastest. */
function advance(index: number[], shape: readonly number[]): void {
  for (let axis = index.length - 1; axis >= 0; axis--) {
    const next = at(index, axis) + 1;
    index[axis] = next < at(shape, axis) ? next : 0;
    if (index[axis] !== 0) return;
  }
}

/** The element at `index`. @throws Error if there is none, which means that the file cannot be converted */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`expected an element ${index} but the list has ${list.length}`);
  return value;
}
