import { InferenceSession, Tensor } from '../../../models/onnx-runtime.js';
import type { LocalNetwork, Preprocessing } from './embed-protocol.js';
import type { RgbImage } from '../../../core/image.js';

/** One network that turns aligned faces into vectors. `run` must not be called again before it has settled. */
export class EmbeddingNetwork {
  readonly #preprocessing: Preprocessing;
  readonly #network: Promise<InferenceSession>;
  readonly #side: number;
  /** Reused for every batch; grows with the largest one. */
  #input = new Float32Array();

  /** Starts loading at once. `run` rejects when loading failed. */
  constructor({ path, preprocessing }: LocalNetwork, side: number, options: InferenceSession.SessionOptions) {
    this.#preprocessing = preprocessing;
    this.#side = side;
    this.#network = InferenceSession.create(path, options);
    this.#network.catch(() => undefined);
  }

  /** Resolves when loading has succeeded or failed. */
  async loaded(): Promise<void> {
    await Promise.allSettled([this.#network]);
  }

  /** Runs the network once on a batch of aligned chips. @returns its raw output, one vector per chip */
  async run(chips: readonly RgbImage[]): Promise<Float32Array[]> {
    const size = 3 * this.#side * this.#side;
    const length = chips.length * size;
    if (length === 0) return [];
    if (this.#input.length < length) this.#input = new Float32Array(length);
    const input = this.#input.subarray(0, length);
    chips.forEach((chip, index) =>
      fillInput(input.subarray(index * size, (index + 1) * size), chip, this.#preprocessing),
    );
    const shape = inputShape(chips.length, this.#side, this.#preprocessing);
    const output = await rows(await this.#network, input, shape);
    const features = output.length / chips.length;
    return chips.map((_, index) => output.slice(index * features, (index + 1) * features));
  }
}

/** Runs a network with one input and takes its first output. Copies the output, because ONNX Runtime may reuse its memory. */
export async function rows(
  network: InferenceSession,
  input: Float32Array,
  shape: number[],
): Promise<Float32Array> {
  const [inputName = '', outputName = ''] = [network.inputNames[0], network.outputNames[0]];
  const outputs = await network.run({ [inputName]: new Tensor('float32', input, shape) });
  const data = outputs[outputName]?.data;
  if (!(data instanceof Float32Array)) throw new Error('Expected an output of floats but received none');
  return Float32Array.from(data);
}

/** The shape of a network's input for so many chips. */
export function inputShape(chips: number, side: number, { layout }: Preprocessing): number[] {
  return layout === 'nhwc' ? [chips, side, side, 3] : [chips, 3, side, side];
}

/** Fills `target` with the floats that a network takes, made from interleaved RGB bytes. */
export function fillInput(
  target: Float32Array,
  { data }: RgbImage,
  { mean, scale, color = 'rgb', layout = 'nchw' }: Preprocessing,
): void {
  const pixels = target.length / 3;
  const step = layout === 'nhwc' ? 3 : 1;
  for (let channel = 0; channel < 3; channel++) {
    const middle = mean[channel] as number;
    const factor = typeof scale === 'number' ? scale : (scale[channel] as number);
    let source = color === 'bgr' ? 2 - channel : channel;
    let to = layout === 'nhwc' ? channel : channel * pixels;
    for (let pixel = 0; pixel < pixels; pixel++, source += 3, to += step) {
      target[to] = ((data[source] as number) - middle) * factor;
    }
  }
}
