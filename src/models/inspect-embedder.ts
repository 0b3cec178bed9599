import { SightlineError } from '../core/errors.js';
import { InferenceSession, sessionOptions, Tensor } from './onnx-runtime.js';

/** What an ONNX file says, and shows when it is run, about the embedding network in it. */
export interface InspectedEmbedder {
  readonly session: InferenceSession;
  readonly layout: 'nchw' | 'nhwc';
  /** Side of the input in pixels; null when the file leaves it open. */
  readonly side: number | null;
  readonly dimension: number;
  /** Whether it takes one face at a time only. */
  readonly oneByOne: boolean;
}

const leastDimension = 16;
/** Far more than any embedder has, and still cheap to compare. */
const mostDimension = 4096;

type Shape = readonly (number | string)[];

/**
 * Loads an ONNX file and checks that it can be an embedder: one float32 input N×3×side×side or N×side×side×3, with N open or
 * 1, and a first output N×d. Further outputs are ignored.
 *
 * @param side that the user states, in pixels
 * @throws SightlineError WEIGHTS_INVALID when it does not load, MODEL_SHAPE_UNSUPPORTED
 */
export async function inspectEmbedder(bytes: Uint8Array, side: number): Promise<InspectedEmbedder> {
  const session = await load(bytes);
  const shape = inputShape(session);
  const layout = layoutOf(shape);
  const [batch] = shape;
  if (typeof batch === 'number' && batch !== 1)
    throw unsupported(`a batch that is open or 1 but received one of ${batch}`);
  const fixedSide = sideOf(shape, layout);
  if (fixedSide !== null && fixedSide !== side)
    throw unsupported(`faces of --size ${side} but the network takes ${fixedSide}×${fixedSide} pixels`);
  const dimension = await dimensionOf(session, batchShape(1, side, layout));
  const oneByOne = batch === 1 || !(await takesTwo(session, batchShape(2, side, layout), dimension));
  return { session, layout, side: fixedSide, dimension, oneByOne };
}

async function load(bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, sessionOptions());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError('WEIGHTS_INVALID', `Expected an ONNX network but it does not load: ${reason}`, {
      cause: error,
    });
  }
}

function inputShape({ inputMetadata }: InferenceSession): Shape {
  const [input, ...others] = inputMetadata;
  if (!input || others.length > 0) throw unsupported(`one input but received ${inputMetadata.length}`);
  if (!input.isTensor || input.type !== 'float32')
    throw unsupported(`an input of float32 but received ${input.isTensor ? input.type : 'no tensor'}`);
  if (input.shape.length === 4) return input.shape;
  throw unsupported(`an input of four dimensions but received ${describe(input.shape)}`);
}

function layoutOf(shape: Shape): InspectedEmbedder['layout'] {
  if (shape[1] === 3) return 'nchw';
  if (shape[3] === 3) return 'nhwc';
  throw unsupported(
    `an input of three channels, N×3×side×side or N×side×side×3, but received ${describe(shape)}`,
  );
}

function sideOf(shape: Shape, layout: InspectedEmbedder['layout']): number | null {
  const [height, width] = layout === 'nchw' ? [shape[2], shape[3]] : [shape[1], shape[2]];
  const fixed = [height, width].filter((size) => typeof size === 'number');
  if (new Set(fixed).size > 1) throw unsupported(`a square input but received ${describe(shape)}`);
  return fixed[0] ?? null;
}

function batchShape(faces: number, side: number, layout: InspectedEmbedder['layout']): number[] {
  return layout === 'nchw' ? [faces, 3, side, side] : [faces, side, side, 3];
}

async function dimensionOf(session: InferenceSession, shape: number[]): Promise<number> {
  const output = await run(session, shape).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw unsupported(`a network that runs on an input of ${describe(shape)} but it fails: ${reason}`);
  });
  if (output?.type !== 'float32')
    throw unsupported(`a first output of float32 but received ${output?.type ?? 'none'}`);
  // N×d×1×1 is an embedding too; N×d×7×7 is a feature map before the last pooling.
  const spread = output.dims.slice(2).some((size) => size !== 1);
  const size = output.data.length;
  if (spread || size < leastDimension || size > mostDimension)
    throw unsupported(
      `a first output N×d, d from ${leastDimension} to ${mostDimension}, but received ${describe(output.dims)}`,
    );
  return size;
}

/** Whether a batch of two runs and gives two embeddings: some files leave the batch open and yet only take one. */
async function takesTwo(session: InferenceSession, shape: number[], dimension: number): Promise<boolean> {
  const output = await run(session, shape).catch(() => undefined);
  return output?.data.length === 2 * dimension;
}

async function run(session: InferenceSession, shape: number[]): Promise<Tensor | undefined> {
  const input = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5);
  const outputs = await session.run({ [session.inputNames[0]!]: new Tensor('float32', input, shape) });
  return outputs[session.outputNames[0]!];
}

function describe(shape: readonly (number | string)[]): string {
  return shape.map((size) => (typeof size === 'number' ? size : size || '?')).join('×');
}

function unsupported(difference: string): SightlineError {
  return new SightlineError('MODEL_SHAPE_UNSUPPORTED', `Expected ${difference}`);
}
