import { describe, expect, it } from 'vitest';
import { buildDlibResNet, readTfjsWeights } from '../../../../src/models/convert/dlib-resnet.js';

const quantization = { dtype: 'uint8', scale: 0.5, min: -1 };
const kernels = { name: 'kernels', shape: [1, 3], dtype: 'float32', quantization };
const bias = { name: 'bias', shape: [2], dtype: 'float32' };
const manifest = (...weights: object[]) => Buffer.from(JSON.stringify([{ paths: ['a.bin'], weights }]));
/** Three bytes, so that the floats behind do not lie at a multiple of four. */
const bytes = Buffer.concat([Buffer.of(0, 1, 255), Buffer.from(Float32Array.of(2.5, -7).buffer)]);

describe('readTfjsWeights', () => {
  it('reads bytes by their scale, and floats', () => {
    expect(readTfjsWeights(manifest(kernels, bias), bytes)).toEqual(
      new Map([
        ['kernels', { shape: [1, 3], data: Float32Array.of(-1, -0.5, 126.5) }],
        ['bias', { shape: [2], data: Float32Array.of(2.5, -7) }],
      ]),
    );
  });

  it.each([
    ['fewer bytes', bytes.subarray(0, 10), [kernels, bias]],
    ['more bytes', Buffer.concat([bytes, Buffer.of(0)]), [kernels, bias]],
    ['numbers that it does not know', bytes, [{ ...kernels, dtype: 'int32' }, bias]],
    ['a scale that it does not know', bytes, [{ ...kernels, quantization: { dtype: 'uint16' } }, bias]],
  ])('refuses %s', (_, content, weights) => {
    expect(() => readTfjsWeights(manifest(...weights), content)).toThrow();
  });
});

describe('buildDlibResNet', () => {
  it('names the weights that a file lacks', () => {
    expect(() => buildDlibResNet(new Map())).toThrow('expected weights called conv32_down/conv/filters');
  });
});
