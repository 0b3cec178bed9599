import { at, type Weights } from '../convert/network.js';

/** γ, β, mean and variance, one of each a channel. */
export interface BatchNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Added to the variance; facenet-pytorch trains with this one, not with PyTorch's usual 1e-5. */
const epsilon = 1e-3;

/**
 * Weights and bias that give at once what a convolution or dense layer without a bias gives after batch
 * normalisation: γ · (w·x − mean) / √(variance + ε) + β.
 */
export function foldBatchNorm(
  { shape, data }: Weights,
  { weight, bias, mean, variance }: BatchNorm,
): { weights: Weights; bias: Float32Array } {
  const factors = Float64Array.from(
    weight,
    (gamma, channel) => gamma / Math.sqrt(at(variance, channel) + epsilon),
  );
  return {
    weights: scaleOutputs({ shape, data }, factors),
    bias: bias.map((beta, channel) => beta - at(mean, channel) * at(factors, channel)),
  };
}

/** The weights with each output channel times a factor of its own. */
export function scaleOutputs({ shape, data }: Weights, factors: ArrayLike<number>): Weights {
  const size = data.length / factors.length;
  return { shape, data: data.map((value, index) => value * at(factors, Math.floor(index / size))) };
}
