import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CosineMatrix } from '../../../src/recognition/cosine-matrix.js';

const value = fc.float({ min: -1, max: 1, noNaN: true });
const vectors = (dimension: number, maxLength: number) =>
  fc.array(fc.float32Array({ minLength: dimension, maxLength: dimension, min: -1, max: 1, noNaN: true }), {
    maxLength,
  });

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, index) => sum + x * b[index]!, 0);
}

describe('CosineMatrix', () => {
  it('gives the dot product of the probe with every row, for any dimension', () => {
    const input = fc
      .integer({ min: 1, max: 200 })
      .chain((dimension) =>
        fc.tuple(vectors(dimension, 150), fc.array(value, { minLength: dimension, maxLength: dimension })),
      );
    fc.assert(
      fc.property(input, ([rows, probeValues]) => {
        const probe = Float32Array.from(probeValues);
        const matrix = new CosineMatrix(probe.length);
        rows.forEach((row) => matrix.push(row));
        const cosines = [...matrix.cosines(probe)];
        expect(cosines).toHaveLength(rows.length);
        rows.forEach((row, index) => expect(Math.abs(cosines[index]! - dot(row, probe))).toBeLessThan(1e-4));
      }),
      { numRuns: 50 },
    );
  });

  it('answers again after growing, where results lay before', () => {
    const matrix = new CosineMatrix(3);
    const probe = Float32Array.of(1, 2, 3);
    for (let row = 0; row < 500; row++) {
      matrix.push(Float32Array.of(row, 0, 1));
      expect(matrix.cosines(probe)[row]).toBe(row + 3);
    }
    expect(matrix.cosines(probe)[17]).toBe(20);
  });

  it('moves the last row into the place of one removed', () => {
    const matrix = new CosineMatrix(2);
    for (const x of [1, 2, 3]) matrix.push(Float32Array.of(x, 0));
    matrix.removeRow(0);
    expect([...matrix.cosines(Float32Array.of(1, 0))]).toEqual([3, 2]);
    matrix.removeRow(1);
    expect([...matrix.cosines(Float32Array.of(1, 0))]).toEqual([3]);
  });

  it('refuses vectors of another dimension', () => {
    const matrix = new CosineMatrix(4);
    expect(() => matrix.push(new Float32Array(3))).toThrow(RangeError);
    expect(() => matrix.cosines(new Float32Array(5))).toThrow(RangeError);
  });
});
