import { describe, expect, it } from 'vitest';
import { identificationFolds } from '../../../src/training/folds.js';
import { seededRandom } from '../../../src/training/random.js';
import { ordinaryPeople } from './made-up.js';

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
