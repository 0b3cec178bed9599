import { describe, expect, it } from 'vitest';
import { logistic } from '../../../src/recognition/heads/siamese.js';
import { matchImpostors, type ImpostorPair } from '../../../src/training/distance-map.js';
import { identificationFolds } from '../../../src/training/folds.js';
import { fitLogistic } from '../../../src/training/logistic-fit.js';
import { seededRandom } from '../../../src/training/random.js';
import { identificationVerdict, type Answer } from '../../../src/training/identification-figures.js';
import { bestRejectLevel } from '../../../src/training/reject-level.js';
import { signFlipTest } from '../../../src/training/sign-flip.js';
import { semiHardTriplets } from '../../../src/training/triplets.js';
import { ordinaryPeople, range } from './made-up.js';

describe('identificationFolds', () => {
  const random = seededRandom(4);
  const photos = [2, 2, 3, 5, 9, 1, 1].flatMap((count, person) =>
    ordinaryPeople(1, count, random).map((photo) => ({ ...photo, person: `p${person}` })),
  );
  const folds = identificationFolds(photos, random);

  it('leaves strangers out of the gallery completely, and never compares a photo with itself', () => {
    for (const { gallery, probes, strangers } of folds) {
      const known = new Set(gallery.map(({ person }) => person));
      expect(strangers.some(({ person }) => known.has(person))).toBe(false);
      expect(probes.every(({ person }) => known.has(person))).toBe(true);
      expect(probes.some((photo) => gallery.includes(photo))).toBe(false);
      expect(gallery.length + probes.length + strangers.length).toBe(photos.length);
    }
  });

  it('asks once about every photo as a stranger, and once as a probe where the person has another', () => {
    const asStranger = folds.flatMap(({ strangers }) => strangers);
    const asProbe = folds.flatMap(({ probes }) => probes);
    expect(new Set(asStranger)).toEqual(new Set(photos));
    expect(asStranger).toHaveLength(photos.length);
    expect(asProbe).toHaveLength(photos.length - 2);
    expect(new Set(asProbe).size).toBe(photos.length - 2);
  });
});

describe('signFlipTest', () => {
  it('gives the share of sign patterns that do as well', () => {
    // Of 32 patterns of five equal gains only one does as well; of 2, 1 and −1 three of eight do.
    expect(signFlipTest([1, 1, 1, 1, 1], seededRandom(1))).toBeCloseTo(1 / 32, 2);
    expect(signFlipTest([2, 1, -1], seededRandom(1))).toBeCloseTo(3 / 8, 1);
  });

  it('finds nothing in nothing, and nothing in a loss', () => {
    expect(signFlipTest([0, 0, 0], seededRandom(1))).toBe(1);
    expect(signFlipTest(Array<number>(10).fill(-1), seededRandom(1))).toBeCloseTo(1, 2);
  });

  it('is wrong in about one case in twenty where there is no effect', () => {
    const random = seededRandom(9);
    const alarms = range(400).filter(
      () =>
        signFlipTest(
          range(12).map(() => random() - 0.5),
          random,
        ) <= 0.05,
    ).length;
    expect(alarms).toBeGreaterThan(5);
    expect(alarms).toBeLessThan(40);
  });
});

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

describe('bestRejectLevel', () => {
  const scores = (known: number[], strangers: number[]) => [
    ...known.map((score) => ({ score, known: true })),
    ...strangers.map((score) => ({ score, known: false })),
  ];
  it('never parts equal scores', () => {
    // Rejecting one of the two strangers at 2 alone would look best.
    expect(bestRejectLevel(scores([3, 4], [1, 2, 2]))).toBe(2.5);
    expect(bestRejectLevel(scores([2, 2, 2, 3], [1, 2]))).toBe(1.5);
  });
  it('rejects none, and is a number that a file can keep, where strangers score no worse', () => {
    expect(bestRejectLevel(scores([1, 2], [3, 4]))).toBe(1);
  });
  it('lies in the gap where there is one, and at the fewest errors where not', () => {
    expect(bestRejectLevel(scores([5, 6, 7], [1, 2]))).toBe(3.5);
    expect(bestRejectLevel(scores([1, 6, 7, 8], [2, 3, 4]))).toBe(5);
  });
});

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

describe('identificationVerdict', () => {
  const random = () => seededRandom(1);
  const answers = (count: number, change: (index: number) => Partial<Answer>): Answer[] =>
    range(count).map((index) => ({
      person: `p${index}`,
      stranger: true,
      plain: 'somebody',
      trained: null,
      ...change(index),
    }));

  it('takes the photos of one stranger for one piece of evidence', () => {
    const one = answers(8, () => ({ person: 'p0' }));
    expect(identificationVerdict(one, 1, random())).toMatchObject({ switchedOn: false });
    const eight = answers(8, () => ({}));
    expect(identificationVerdict(eight, 1, random())).toMatchObject({ switchedOn: true });
  });

  it('takes every photo of somebody known for one', () => {
    const known = answers(8, () => ({ person: 'p0', stranger: false, plain: null, trained: 'p0' }));
    const { switchedOn, pValue } = identificationVerdict(known, 1, random());
    expect(switchedOn).toBe(true);
    expect(pValue).toBeCloseTo(1 / 2 ** 8, 2);
    expect(identificationVerdict(known, 20, random()).switchedOn).toBe(false);
  });

  it('never switches on what gives more false names', () => {
    const mixed = answers(20, (index) =>
      index === 0
        ? { plain: null, trained: 'somebody' }
        : { stranger: false, plain: null, trained: `p${index}` },
    );
    expect(identificationVerdict(mixed, 1, random())).toMatchObject({ switchedOn: false });
  });
});
