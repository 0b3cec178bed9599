import { at, type Conv, type Layer, type Network, type PRelu } from './network.js';

/**
 * Replaces every PReLU of a value with height and width, for ONNX Runtime's own PRelu on the CPU is slow and leaves
 * the blocked memory layout.
 *
 * max(x, 0) + a · min(x, 0) is x + (1 − a) · max(−x, 0). Both factors are depthwise 1×1 convolutions, of which the
 * first takes the Relu in and the second the addition. Outputs differ by rounding only, less than 2e-5 for the
 * networks in the manifest.
 */
export function rewritePRelus(network: Network): Network {
  const layers = network.layers.flatMap((layer) =>
    layer.op === 'prelu' && layer.rank === 4 ? spellOut(layer) : [layer],
  );
  return { ...network, layers };
}

function spellOut({ inputs, output, slopes }: PRelu): Layer[] {
  const [negated, rectified, scaled] = [`${output}_negated`, `${output}_rectified`, `${output}_scaled`];
  return [
    scaleChannels(
      at(inputs, 0),
      negated,
      slopes.map(() => -1),
    ),
    { op: 'relu', inputs: [negated], output: rectified },
    scaleChannels(
      rectified,
      scaled,
      slopes.map((slope) => 1 - slope),
    ),
    { op: 'add', inputs: [at(inputs, 0), scaled], output },
  ];
}

/** Multiplies each channel with a factor of its own. */
export function scaleChannels(input: string, output: string, factors: Float32Array): Conv {
  return {
    op: 'conv',
    inputs: [input],
    output,
    weights: { shape: [factors.length, 1, 1, 1], data: factors },
    bias: null,
    groups: factors.length,
    stride: [1, 1],
    pads: [0, 0, 0, 0],
  };
}
