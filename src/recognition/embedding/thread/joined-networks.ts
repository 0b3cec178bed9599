import { InferenceSession } from '../../../models/onnx-runtime.js';
import { l2Normalise } from '../../../core/distance.js';
import type { RgbImage } from '../../../core/image.js';
import type { EmbedWorkerData } from './embed-protocol.js';
import { EmbeddingNetwork, rows } from './embedding-network.js';

/**
 * The networks of an embedder, whose embeddings are joined into one, and the projection behind them. `run` must not be
 * called again before it has settled.
 */
export class JoinedNetworks {
  readonly #networks: readonly EmbeddingNetwork[];
  /** The length of each network's part of an embedding. */
  readonly #lengths: readonly number[];
  readonly #projection: Promise<InferenceSession> | null;
  readonly #dimension: number;

  /** Starts loading at once. `run` and `finish` reject when loading failed. */
  constructor(data: EmbedWorkerData, options: InferenceSession.SessionOptions) {
    const { networks, side, projection, dimension } = data;
    this.#networks = networks.map((network) => new EmbeddingNetwork(network, side, options));
    this.#lengths = partLengths(networks.map(({ weight }) => weight));
    this.#projection = projection === null ? null : InferenceSession.create(projection, options);
    this.#projection?.catch(() => undefined);
    this.#dimension = dimension;
  }

  /** Resolves when loading has succeeded or failed. */
  async loaded(): Promise<void> {
    const networks = this.#networks.map((network) => network.loaded());
    await Promise.allSettled([...networks, this.#projection]);
  }

  /** Runs each network once on a batch of aligned chips. @returns for each chip the raw outputs of all networks */
  async run(chips: readonly RgbImage[]): Promise<Float32Array[][]> {
    const answers: Float32Array[][] = [];
    for (const network of this.#networks) answers.push(await network.run(chips));
    return chips.map((_, index) => answers.map((rowsOfOne) => rowsOfOne[index] as Float32Array));
  }

  /**
   * Turns the raw outputs for one chip into an embedding of length 1, projected if there is a projection.
   * @throws Error when the length of an output is 0 or not finite, or the embedding's dimension is wrong
   */
  async finish(answers: readonly Float32Array[]): Promise<Float32Array<ArrayBuffer>> {
    let vector = this.#join(answers);
    if (this.#projection) {
      vector = l2Normalise(await rows(await this.#projection, vector, [1, vector.length]));
    }
    if (vector.length === this.#dimension) return vector as Float32Array<ArrayBuffer>;
    throw new Error(`Expected an output of ${this.#dimension} floats but received ${vector.length}`);
  }

  #join(answers: readonly Float32Array[]): Float32Array {
    const parts = answers.map((answer, network) => {
      const length = this.#lengths[network] as number;
      return l2Normalise(answer).map((value) => value * length);
    });
    return Float32Array.from(parts.flatMap((part) => [...part]));
  }
}

/**
 * How long each network's part is in a joined embedding of length 1: the root of its share of the weights, so that the
 * cosine of two joined embeddings is the weighted mean of the networks' cosines.
 */
function partLengths(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => Math.sqrt(weight / sum));
}
