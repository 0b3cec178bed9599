import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tripletLoss } from '../../../../src/training/heads/projection.js';
import { contrastiveLoss, pairFeatures, photoPairs } from '../../../../src/training/heads/siamese.js';
import { seededRandom } from '../../../../src/training/random.js';
import { direction, range } from '../made-up.js';

const seed = fc.integer({ min: 0, max: 1e9 });
const step = 1e-4;

/** The gradient by central differences. */
function numericGradient(loss: (parameters: Float64Array) => number, at: Float64Array): number[] {
  return range(at.length).map((index) => {
    const [up, down] = [at.slice(), at.slice()];
    up[index]! += step;
    down[index]! -= step;
    return (loss(up) - loss(down)) / (2 * step);
  });
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  const error = Math.hypot(...expected.map((value, index) => value - actual[index]!));
  // Embeddings are kept in 32 bits.
  expect(error).toBeLessThan(1e-2 * Math.hypot(...expected) + 1e-4);
}

describe('gradients agree with finite differences', () => {
  it('of the contrastive loss', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const random = seededRandom(number);
        const photos = range(6).map((index) => ({
          person: String(index % 3),
          path: '',
          pixelHash: '',
          vector: direction(random, 5),
        }));
        const features = pairFeatures(photoPairs(photos, random));
        const weights = Float64Array.from({ length: 6 }, () => random());
        // A margin that no pair is just at: there the loss has a corner in its second derivative only.
        const { loss, gradient } = contrastiveLoss(weights, features, 1.3);
        expect(loss).toBeGreaterThan(0);
        expectClose(
          gradient,
          numericGradient((at) => contrastiveLoss(at, features, 1.3).loss, weights),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('of the triplet loss, through the normalisation', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const random = seededRandom(number);
        const dimension = 4;
        const vectors = range(5).map(() => direction(random, dimension));
        const matrix = Float64Array.from({ length: dimension ** 2 }, (_, index) =>
          index % (dimension + 1) === 0 ? 1 : 0.2 * random(),
        );
        const triplets = [
          { anchor: 0, positive: 1, negative: 2 },
          { anchor: 1, positive: 0, negative: 3 },
          { anchor: 3, positive: 4, negative: 0 },
        ];
        // So wide a margin that every triplet has a part, wherever the matrix is moved.
        const at = (values: Float64Array) =>
          tripletLoss({ dimension, matrix: values }, vectors, 5, () => triplets);
        expectClose(
          at(matrix).gradient,
          numericGradient((values) => at(values).loss, matrix),
        );
      }),
      { numRuns: 50 },
    );
  });
});
