import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains } from '../../../src/core/geometry.js';

const unit = fc.double({ min: -0.5, max: 1.5, noNaN: true });

describe('contains', () => {
  it('agrees with a rectangle', () => {
    const rectangle = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 1 },
      { x: 0, y: 1 },
    ];
    fc.assert(
      fc.property(unit, unit, (x, y) => {
        fc.pre([0, 1].every((edge) => x !== edge && y !== edge));
        expect(contains(rectangle, { x, y })).toBe(x > 0 && x < 1 && y > 0 && y < 1);
      }),
    );
  });

  it('leaves out the notch of an L', () => {
    const l = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 0.5 },
      { x: 0.5, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 0, y: 1 },
    ];
    expect(contains(l, { x: 0.25, y: 0.75 })).toBe(true);
    expect(contains(l, { x: 0.75, y: 0.25 })).toBe(true);
    expect(contains(l, { x: 0.75, y: 0.75 })).toBe(false);
  });
});
