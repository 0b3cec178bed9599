import { at, type Conv, type Layer, type Network, type PRelu } from './network.js';

/**
 * Replaces every PReLU of a value with height and width, for ONNX Runtime's own PRelu on the CPU is slow and leaves
 * the blocked memory layout.
 *
 * A slope a ≤ 1 is x + Relu((a − 1) · x), a slope a > 1 is x − Relu((1 − a) · x); factors and signs are depthwise
 * 1×1 convolutions, that of the signs only where some slope is above 1. Outputs differ by rounding only, less than
 * 2e-5 for the networks in the manifest.
 */
export function rewritePRelus(network: Network): Network {
  const layers = network.layers.flatMap((layer) =>
    layer.op === 'prelu' && layer.rank === 4 ? spellOut(layer) : [layer],
  );
  return { ...network, layers };
}

function spellOut({ inputs, output, slopes }: PRelu): Layer[] {
  const [scaled, rectified, signed] = [`${output}_scaled`, `${output}_rectified`, `${output}_signed`];
  const factors = slopes.map((slope) => -Math.abs(slope - 1));
  const rectify: Layer[] = [
    scaleChannels(at(inputs, 0), scaled, factors),
    { op: 'relu', inputs: [scaled], output: rectified },
  ];
  const steep = slopes.some((slope) => slope > 1);
  if (!steep) return [...rectify, { op: 'add', inputs: [at(inputs, 0), rectified], output }];
  return [
    ...rectify,
    scaleChannels(
      rectified,
      signed,
      slopes.map((slope) => (slope > 1 ? -1 : 1)),
    ),
    { op: 'add', inputs: [at(inputs, 0), signed], output },
  ];
}

function scaleChannels(input: string, output: string, factors: Float32Array): Conv {
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
