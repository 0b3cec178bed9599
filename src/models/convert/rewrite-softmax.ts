import { at, type Conv, type Layer, type Network } from './network.js';

/**
 * Replaces the softmax over two channels of a value with height and width by a sigmoid: the softmax of (a, b) is the
 * sigmoid of (a − b, b − a), and the convolution before it can give these. ONNX Runtime's Softmax over channels turns
 * the whole value around twice. Outputs differ by rounding only.
 */
export function rewriteSoftmaxes(network: Network): Network {
  const layers = [...network.layers];
  for (const [index, softmax] of network.layers.entries()) {
    if (softmax.op !== 'softmax') continue;
    const source = layers.findIndex(({ output }) => output === softmax.inputs[0]);
    const conv = layers[source];
    if (conv?.op !== 'conv' || at(conv.weights.shape, 0) !== 2 || !isFor(softmax, conv, network)) continue;
    layers[source] = withDifferences(conv);
    layers[index] = { op: 'sigmoid', inputs: softmax.inputs, output: softmax.output };
  }
  return { ...network, layers };
}

/** Whether nobody else reads what the convolution gives. */
function isFor(reader: Layer, { output }: Conv, { layers, outputs }: Network): boolean {
  return (
    !outputs.includes(output) && layers.every((layer) => layer === reader || !layer.inputs.includes(output))
  );
}

function withDifferences(conv: Conv): Conv {
  const { shape, data } = conv.weights;
  return {
    ...conv,
    weights: { shape, data: differences(data) },
    bias: conv.bias && differences(conv.bias),
  };
}

/** Of the two halves of some values: first − second, then second − first. */
function differences(values: Float32Array): Float32Array {
  const half = values.length / 2;
  return values.map((value, index) => value - at(values, (index + half) % values.length));
}
