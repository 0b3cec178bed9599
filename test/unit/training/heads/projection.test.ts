import { describe, expect, it } from 'vitest';
import { semiHardTriplets } from '../../../../src/training/heads/projection.js';

describe('semiHardTriplets', () => {
  // Along a line, all distances to the anchor at 0: its other photo at .5.
  const at = (...places: number[]): Float32Array[] => places.map((place) => Float32Array.of(place));
  const negativesOf = (others: number[], margin: number) =>
    semiHardTriplets(at(0, 0.5, ...others), ['a', 'a', ...others.map(() => 'b')], margin)
      .filter(({ anchor, positive }) => anchor === 0 && positive === 1)
      .map(({ negative }) => others[negative - 2]);

  it('takes the nearest of those further than the positive', () => {
    expect(negativesOf([0.2, 0.8, 0.6], 0.2)).toEqual([0.6]);
  });
  it('leaves out what is beyond the margin', () => {
    expect(negativesOf([0.9, 0.8], 0.2)).toEqual([]);
  });
  it('takes the furthest where all are nearer', () => {
    expect(negativesOf([0.1, 0.3], 0.2)).toEqual([0.3]);
  });
});
