import { describe, expect, it } from 'vitest';
import type { Layer, Network } from '../../../../src/models/convert/network.js';
import { dropTinyWeights } from '../../../../src/models/convert/optimise.js';
import { readOnnx } from '../../../../src/models/convert/read-onnx.js';
import { writeOnnx } from '../../../../src/models/convert/write-onnx.js';
import { InferenceSession, sessionOptions, Tensor } from '../../../../src/models/onnx-runtime.js';

const values = (count: number) => Float32Array.from({ length: count }, (_, index) => Math.sin(index * index));

/** A strided convolution in groups, a PReLU, a convolution without bias, an addition and rows. */
const layers: Layer[] = [
  {
    ...{ op: 'conv', inputs: ['input'], output: 'a', groups: 2, stride: [2, 1], pads: [1, 0, 0, 1] },
    ...{ weights: { shape: [4, 2, 3, 2], data: values(48) }, bias: values(4) },
  },
  { op: 'prelu', inputs: ['a'], output: 'b', slopes: Float32Array.of(0.5, -0.25, 2, 0), rank: 4 },
  {
    ...{ op: 'conv', inputs: ['b'], output: 'c', groups: 1, stride: [1, 1], pads: [0, 0, 0, 0] },
    ...{ weights: { shape: [4, 4, 1, 1], data: values(16) }, bias: null },
  },
  { op: 'add', inputs: ['b', 'c'], output: 'd' },
];
const flatten: Layer = { op: 'flatten', inputs: ['d'], output: 'rows' };
const network: Network = { input: 'input', outputs: ['d'], layers };

async function run(file: Uint8Array): Promise<Float32Array> {
  const session = await InferenceSession.create(file, sessionOptions());
  const outputs = await session.run({ input: new Tensor('float32', values(2 * 4 * 7 * 5), [2, 4, 7, 5]) });
  return outputs[session.outputNames[0]!]?.data as Float32Array;
}

describe('readOnnx', () => {
  const file = writeOnnx(network, ['N', 4, 7, 5]);

  it('reads what it knows: the network computes the same', async () => {
    const read = readOnnx(file, ['embedding']);
    expect(read.layers.map(({ op }) => op)).toEqual(['conv', 'prelu', 'conv', 'add']);
    expect(read.outputs).toEqual(['embedding']);
    expect(await run(writeOnnx(read, ['N', 4, 7, 5]))).toEqual(await run(file));
  });

  it.each([
    ['no ONNX file', Buffer.from('<html>'), ['out'], /./],
    ['a file without a network', new Uint8Array(), ['out'], 'not an ONNX file with a network'],
    ['a file cut off', file.subarray(0, 300), ['out'], /./],
    ['a file with another number of outputs', file, ['a', 'b'], 'expected 2 outputs but the file has 1'],
    [
      'an operator that it does not know',
      writeOnnx({ input: 'input', outputs: ['rows'], layers: [...layers, flatten] }, ['N', 4, 7, 5]),
      ['out'],
      'the file has operator Flatten',
    ],
  ])('refuses %s', (_, bytes, outputs, complaint) => {
    expect(() => readOnnx(bytes, outputs)).toThrow(complaint);
  });
});

describe('dropTinyWeights', () => {
  it('makes weights, biases and slopes next to zero zero, and leaves others as they are', () => {
    const [conv, prelu] = layers as [Extract<Layer, { op: 'conv' }>, Extract<Layer, { op: 'prelu' }>];
    const tiny = Float32Array.of(1e-30, 0.5, -1e-40, -1e-19);
    const dropped = Float32Array.of(0, 0.5, 0, -1e-19);
    const withTiny: Network = {
      ...network,
      layers: [
        { ...conv, weights: { shape: [4, 1, 1, 1], data: tiny }, bias: tiny },
        { ...prelu, slopes: tiny },
      ],
    };
    expect(dropTinyWeights(withTiny).layers).toMatchObject([
      { weights: { shape: [4, 1, 1, 1], data: dropped }, bias: dropped },
      { slopes: dropped },
    ]);
  });
});
