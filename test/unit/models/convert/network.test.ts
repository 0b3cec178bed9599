import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transpose } from '../../../../src/models/convert/network.js';

const shapeAndOrder = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
  .chain((shape) =>
    fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
  );

describe('transpose', () => {
  it('turns a matrix about its diagonal', () => {
    const matrix = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(transpose(matrix, [1, 0])).toEqual({ shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) });
  });

  it('is undone by the inverse order', () => {
    fc.assert(
      fc.property(shapeAndOrder, ([shape, order]) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const tensor = { shape, data: Float32Array.from({ length: size }, (_, index) => index) };
        const inverse = order.map((_, axis) => order.indexOf(axis));
        expect(transpose(transpose(tensor, order), inverse)).toEqual(tensor);
      }),
    );
  });
});
