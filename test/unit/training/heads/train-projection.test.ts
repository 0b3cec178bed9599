import { describe, expect, it } from 'vitest';
import { matchImpostors, type ImpostorPair } from '../../../../src/training/heads/train-projection.js';
import { seededRandom } from '../../../../src/training/random.js';
import { range } from '../made-up.js';

describe('matchImpostors', () => {
  const pair = (before: number, after: number): ImpostorPair => ({ people: ['a', 'b'], before, after });
  it('carries a threshold to where as many strangers pass', () => {
    const random = seededRandom(3);
    const before = range(5000).map(() => 1.3 + 0.1 * (random() + random() + random() - 1.5));
    const { factor, offset } = matchImpostors(before.map((each) => pair(each, 0.3 + 0.8 * each)));
    expect(factor).toBeCloseTo(0.8, 6);
    expect(offset).toBeCloseTo(0.3, 6);
  });
  it('moves all alike where the distances have no spread', () => {
    expect(matchImpostors([pair(1, 1.5)])).toEqual({ factor: 1, offset: 0.5 });
    expect(matchImpostors([pair(1, 1.25), pair(1.2, 1.25)]).factor).toBe(1);
  });
});
