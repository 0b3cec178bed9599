import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layer, Network, Weights } from '../../../src/models/convert/network.js';
import { writeOnnx } from '../../../src/models/convert/write-onnx.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { Tensor } from '../../../src/models/onnx-runtime.js';
import { readStateDict, type StateDict } from '../../../src/models/pytorch/state-dict.js';
import { noise } from '../../helpers/facenet-formula.js';
import { parityFolder } from '../../helpers/prerequisites.js';
import { openNetwork, run } from './faces.js';

/** Weights of MTCNN that PyTorch itself wrote; those of the convolutions are not contiguous. */
const read = (name: string) => readFileSync(join(parityFolder, 'pt', name));

describe('files that PyTorch wrote', { tags: ['facenet-parity'] }, () => {
  it.each([
    ['pnet', 13, { 'conv1.weight': [10, 3, 3, 3], 'prelu3.weight': [32], 'conv4_1.bias': [2] }],
    ['rnet', 16, { 'conv3.weight': [64, 48, 2, 2], 'dense4.weight': [128, 576] }],
  ])('hold the same tensors of %s in both formats', (name, count, shapes) => {
    const [legacy, zip] = [readStateDict(read(`${name}.pt`)), readStateDict(read(`${name}.zip.pt`))];
    expect(legacy.size).toBe(count);
    for (const [parameter, shape] of Object.entries(shapes)) {
      expect([parameter, legacy.get(parameter)?.shape]).toEqual([parameter, shape]);
    }
    expect([...zip.keys()]).toEqual([...legacy.keys()]);
    for (const [parameter, tensor] of legacy) {
      expect(zip.get(parameter)?.shape).toEqual(tensor.shape);
      expect(zip.get(parameter)?.floats()).toEqual(tensor.floats());
    }
  });

  it('are read from the first byte to the last', () => {
    expect(readStateDict(read('onet.pt')).get('dense6_3.weight')?.shape).toEqual([10, 256]);
    expect(() => readStateDict(Buffer.concat([read('onet.pt'), Buffer.alloc(1)]))).toThrow('to end at byte');
  });

  it.each(['pnet.pt', 'pnet.zip.pt'])('are refused when %s is cut short anywhere', (name) => {
    const file = read(name);
    fc.assert(
      fc.property(fc.integer({ min: 15, max: file.length - 1 }), (length) => {
        expect(() => readStateDict(file.subarray(0, length))).toThrow(
          expect.objectContaining({
            code: 'WEIGHTS_INVALID',
            message: expect.stringContaining('cut short at byte') as string,
          }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('make the P-Net that the cache has from elsewhere', async () => {
    const ours = await openNetwork(writeOnnx(pnet(readStateDict(read('pnet.pt'))), ['N', 3, 'h', 'w']));
    const cached = await openNetwork(
      await new ModelStore({ cacheDir: defaultCacheDir() }).ensure('mtcnn-pnet'),
    );
    const shape = [1, 3, 61, 83];
    const input = new Tensor(
      'float32',
      new Float32Array(noise('pnet', 3 * 61 * 83).map((z) => 2 * z)),
      shape,
    );
    const [received, expected] = [await run(ours, input), await run(cached, input)];
    for (const output of ['prob', 'reg']) {
      const [a = [], b = []] = [received[output], expected[output]];
      expect(a.length).toBe(b.length);
      expect(Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))))).toBeLessThan(2e-5);
    }
  });
});

/** Zhang et al., 2016, figure 2. */
function pnet(file: StateDict): Network {
  const weights = (name: string): Weights => {
    const tensor = file.get(name);
    if (!tensor) throw new Error(`expected ${name}`);
    return { shape: tensor.shape, data: tensor.floats() };
  };
  const conv = (input: string, name: string, output = name): Layer => ({
    op: 'conv',
    inputs: [input],
    output,
    weights: weights(`${name}.weight`),
    bias: weights(`${name}.bias`).data,
    groups: 1,
    stride: [1, 1],
    pads: [0, 0, 0, 0],
  });
  const prelu = (input: string, name: string): Layer => {
    return { op: 'prelu', inputs: [input], output: name, slopes: weights(`${name}.weight`).data, rank: 4 };
  };
  const layers: Layer[] = [
    ...[conv('input', 'conv1'), prelu('conv1', 'prelu1')],
    { op: 'maxpool', inputs: ['prelu1'], output: 'pool1', kernel: [2, 2], stride: [2, 2], ceil: true },
    ...[conv('pool1', 'conv2'), prelu('conv2', 'prelu2')],
    ...[conv('prelu2', 'conv3'), prelu('conv3', 'prelu3')],
    conv('prelu3', 'conv4_1'),
    { op: 'softmax', inputs: ['conv4_1'], output: 'prob' },
    conv('prelu3', 'conv4_2', 'reg'),
  ];
  return { input: 'input', outputs: ['prob', 'reg'], layers };
}
