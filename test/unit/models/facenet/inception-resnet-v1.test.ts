import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from '../../../../src/models/facenet/layers.js';
import { inceptionResnetV1 } from '../../../../src/models/facenet/inception-resnet-v1.js';
import { readStateDict } from '../../../../src/models/pytorch/state-dict.js';
import { writeZipFormat, type Parameter } from '../../../helpers/pytorch-file.js';

const kernel: Parameter = {
  name: 'conv2d_1a.conv.weight',
  shape: [32, 3, 3, 3],
  data: new Float32Array(864),
};
const norm = (name: string, value: number): Parameter => {
  return { name: `conv2d_1a.bn.${name}`, shape: [32], data: new Float32Array(32).fill(value) };
};
const norms = [norm('weight', 1), norm('bias', 0), norm('running_mean', 0), norm('running_var', 1)];

describe('a weight file that is not FaceNet’s', () => {
  it.each([
    ['no parameters', [], 'a parameter conv2d_1a.conv.weight but received none of that name'],
    [
      'a parameter of another shape',
      [{ ...kernel, shape: [32, 3, 1, 9] }],
      'conv2d_1a.conv.weight of float32 [32, 3, 3, 3] but received float32 [32, 3, 1, 9]',
    ],
    [
      'integers for floats',
      [{ ...kernel, data: new BigInt64Array(864) }],
      'conv2d_1a.conv.weight of float32 [32, 3, 3, 3] but received int64 [32, 3, 3, 3]',
    ],
    [
      'what is no number',
      [{ ...kernel, data: new Float32Array(864).fill(NaN, 863) }],
      'numbers in conv2d_1a.conv.weight but received NaN or infinity',
    ],
    ['a layer without its normalisation', [kernel, ...norms.slice(1)], 'a parameter conv2d_1a.bn.weight'],
    [
      'a variance below 0',
      [kernel, ...norms.slice(0, 3), norm('running_var', -1)],
      'variances in conv2d_1a.bn.running_var but received one below 0',
    ],
    [
      'a count of batches that is none',
      [kernel, ...norms, norm('num_batches_tracked', 1)],
      'conv2d_1a.bn.num_batches_tracked of int64 [] but received float32 [32]',
    ],
    ['a network that ends early', [kernel, ...norms], 'a parameter conv2d_2a.conv.weight'],
  ])('%s: is refused by name', (_, parameters, message) => {
    expect(() => inceptionResnetV1(readStateDict(writeZipFormat(parameters)))).toThrow(
      expect.objectContaining({
        code: 'WEIGHTS_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

describe('foldBatchNorm', () => {
  it('gives what normalisation after the layer gives', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const norm = {
      weight: Float32Array.of(2, -1),
      bias: Float32Array.of(0.5, 1),
      mean: Float32Array.of(3, -2),
      variance: Float32Array.of(4, 0.25),
    };
    const { weights, bias } = foldBatchNorm({ shape: [2, 3], data }, norm);
    const x = [0.3, -0.7, 1.1];
    for (const channel of [0, 1] as const) {
      const dot = (row: Float32Array) =>
        x.reduce((sum, value, i) => sum + value * (row[3 * channel + i] ?? NaN), 0);
      const [mean = 0, variance = 0] = [norm.mean[channel], norm.variance[channel]];
      const expected =
        ((norm.weight[channel] ?? 0) * (dot(data) - mean)) / Math.sqrt(variance + 1e-3) +
        (norm.bias[channel] ?? 0);
      expect(dot(weights.data) + (bias[channel] ?? NaN)).toBeCloseTo(expected, 5);
    }
  });
});
