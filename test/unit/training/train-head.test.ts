import { describe, expect, it } from 'vitest';
import type { HeadKind } from '../../../src/core/heads.js';
import type { TrainingOutcome } from '../../../src/training/outcome.js';
import { seededRandom } from '../../../src/training/random.js';
import { trainHead } from '../../../src/training/train-head.js';
import type { TrainingPhoto } from '../../../src/training/training-set.js';
import { inputOf, ordinaryPeople, peopleInChangingLight, twins } from './made-up.js';

const train = (kind: HeadKind, photos: readonly TrainingPhoto[], seed = 1): TrainingOutcome =>
  trainHead(kind, inputOf(photos, seed));

describe.each([1, 2])('a head that helps is switched on (seed %i)', (seed) => {
  it('siamese: learns not to look where light changes embeddings', () => {
    const { verdict, plain, trials } = train(
      'siamese',
      peopleInChangingLight(10, 8, seededRandom(seed)),
      seed,
    );
    expect(verdict).toMatchObject({ switchedOn: true });
    expect(trials[0]!.figures).toMatchObject({ samePairs: 280 });
    const [before, after] = [plain, trials[0]!.figures] as { logLoss: number }[];
    expect(after!.logLoss).toBeLessThan(0.9 * before!.logLoss);
  });

  it('projection: pulls look-alikes apart', () => {
    const { verdict, plain, trials } = train('projection', twins(2, 5, 8, seededRandom(seed)), seed);
    expect(verdict.switchedOn).toBe(true);
    const [before, after] = [plain, trials[0]!.figures] as { rightNames: number; wrongNames: number }[];
    expect(after!.rightNames).toBeGreaterThan(before!.rightNames + 10);
    expect(after!.wrongNames).toBe(0);
  });

  it('classifier: settles look-alikes that the margin leaves open', () => {
    const { verdict, head } = train('classifier', twins(2, 5, 8, seededRandom(seed)), seed);
    expect(verdict.switchedOn).toBe(true);
    expect(head).toMatchObject({ kind: 'classifier', model: { id: 'mobilefacenet' }, dimension: 192 });
  });
});

describe('a head that does not help is not switched on', () => {
  it.each(['siamese', 'projection', 'classifier'] as const)('%s, of ordinary people', (kind) => {
    const { verdict } = train(kind, ordinaryPeople(8, 6, seededRandom(5)));
    expect(verdict.switchedOn).toBe(false);
    expect(verdict.reason).toMatch(/no better/);
  });

  it.each(['siamese', 'projection', 'classifier'] as const)(
    '%s, of photos whose names are drawn by lot',
    (kind) => {
      const photos = ordinaryPeople(40, 1, seededRandom(6)).map((photo, index) => ({
        ...photo,
        person: `p${index % 8}`,
      }));
      expect(train(kind, photos).verdict.switchedOn).toBe(false);
    },
  );
});

describe('training', () => {
  it.each(['siamese', 'projection', 'classifier'] as const)(
    'of a %s gives the same for the same seed',
    (kind) => {
      const photos = twins(1, 5, 4, seededRandom(1));
      expect(train(kind, photos)).toEqual(train(kind, photos));
    },
  );
});
