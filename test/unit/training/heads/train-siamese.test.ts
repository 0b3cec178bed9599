import { describe, expect, it } from 'vitest';
import { logistic } from '../../../../src/recognition/heads/siamese.js';
import { fitLogistic } from '../../../../src/training/heads/train-siamese.js';
import { seededRandom } from '../../../../src/training/random.js';
import { range } from '../made-up.js';

describe('fitLogistic', () => {
  it.each([
    ['the wrong way round', [1.2, 1.3, 1.4], [0.5, 0.6, 0.7]],
    ['the wrong way round, with overlap', [1.0, 1.3, 1.4], [0.9, 1.2, 1.3]],
    ['all the same', [1, 1, 1], [1, 1, 1]],
  ])('makes every pair as likely as not where distances are %s', (_, genuine, impostor) => {
    const pairs = [
      ...genuine.map((distance) => ({ same: true, distance })),
      ...impostor.map((distance) => ({ same: false, distance })),
    ];
    const { slope, midpoint } = fitLogistic(pairs);
    for (const distance of [0, 1, 2]) {
      expect(1 / (1 + Math.exp(slope * (distance - midpoint)))).toBeCloseTo(0.5, 2);
    }
  });
  it('finds the curve that made the truth', () => {
    const random = seededRandom(2);
    const truth = { midpoint: 1.1, slope: 12 };
    const pairs = range(20_000).map(() => {
      const distance = 0.6 + random();
      return { distance, same: random() < logistic(truth, distance) };
    });
    const { midpoint, slope } = fitLogistic(pairs);
    expect(midpoint).toBeCloseTo(1.1, 1);
    expect(slope / truth.slope).toBeCloseTo(1, 1);
  });

  it('stays finite where nothing overlaps', () => {
    const curve = fitLogistic(range(20).map((index) => ({ distance: index / 10, same: index < 10 })));
    expect(curve.midpoint).toBeGreaterThan(0.9);
    expect(curve.midpoint).toBeLessThan(1);
    expect(curve.slope).toBeLessThan(1000);
  });
});
