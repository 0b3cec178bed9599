import type { Layer, Network } from './network.js';

/** Products of smaller numbers are too small for normal floats, on which a CPU computes a hundred times slower. */
const leastMagnitude = 1e-20;

/**
 * Replaces weights next to zero, which training with weight decay leaves behind in channels that nothing uses, by
 * zero. Outputs stay the same but for rounding.
 */
export function dropTinyWeights(network: Network): Network {
  return { ...network, layers: network.layers.map(withoutTiny) };
}

function withoutTiny(layer: Layer): Layer {
  switch (layer.op) {
    case 'conv':
      return {
        ...layer,
        weights: { ...layer.weights, data: layer.weights.data.map(orZero) },
        bias: layer.bias && layer.bias.map(orZero),
      };
    case 'prelu':
      return { ...layer, slopes: layer.slopes.map(orZero) };
    default:
      return layer;
  }
}

function orZero(weight: number): number {
  return Math.abs(weight) < leastMagnitude ? 0 : weight;
}
