import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../src/core/distance.js';
import { comparePhotos } from '../../../src/training/evaluation/gallery-pairs.js';
import { spec, figuresOf, photo } from './gallery.js';

/** Two people, two photos each, all clearly apart. */
const tidy = [
  photo('Ana', 'a1', 0),
  photo('Ana', 'a2', 0, 0.5),
  photo('Ben', 'b1', 10),
  photo('Ben', 'b2', 10, 0.6),
];

describe('comparePhotos', () => {
  it('compares as comparing one by one does', () => {
    const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 }).map((values) => {
      return l2Normalise(Float32Array.from(values, (value) => value + 0.5));
    });
    const gallery = fc.array(fc.record({ person: fc.integer({ min: 0, max: 3 }), vector }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(gallery, (rows) => {
        const photos = rows.map((row, index) => ({
          photo: {
            faceId: String(index),
            photoName: '',
            quality: 1,
            person: { id: `p${row.person}`, name: '' },
          },
          vector: row.vector,
        }));
        const { genuine, impostor, surroundings, closePeople } = comparePhotos(photos, 1, () => {});
        const distancesFrom = (index: number, own: boolean): number[] =>
          rows.flatMap((row, other) =>
            other !== index && (row.person === rows[index]!.person) === own
              ? [euclideanDistance(row.vector, rows[index]!.vector)]
              : [],
          );
        const least = (values: readonly number[]): number | null =>
          values.length === 0 ? null : Math.min(...values);
        expect(genuine.total).toBe(rows.flatMap((_, index) => distancesFrom(index, true)).length / 2);
        expect(impostor.total).toBe(rows.flatMap((_, index) => distancesFrom(index, false)).length / 2);
        for (const [index, { own, other }] of surroundings.entries()) {
          expect(own?.distance ?? null).toBe(least(distancesFrom(index, true)));
          expect(other?.distance ?? null).toBe(least(distancesFrom(index, false)));
        }
        const nearest = least(rows.flatMap((_, index) => distancesFrom(index, false)));
        expect(closePeople[0]?.distance ?? null).toBe(nearest !== null && nearest <= 1 ? nearest : null);
        const names = closePeople.map(({ photos: both }) =>
          both
            .map(({ person }) => person.id)
            .sort()
            .join(),
        );
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

describe('galleryFigures', () => {
  it('finds nothing to mend in a tidy gallery', () => {
    const figures = figuresOf(tidy);
    expect(figures).toMatchObject({
      people: 2,
      photos: 4,
      notes: [],
      pairs: { genuine: 2, impostor: 4 },
      eer: 0,
      auc: 1,
      current: { threshold: 0.967, far: 0, frr: 0 },
      suspects: [],
      duplicates: [],
      poor: [],
      lookAlikes: [],
      personThresholds: [],
    });
    expect(figures.histogram.genuine.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(figures.curve[0]).toEqual({ threshold: 0, far: 0, frr: 1 });
    expect(figures.curve.at(-1)).toEqual({ threshold: 2, far: 1, frr: 0 });
  });

  it('finds a photo under a wrong name, and does not call its people alike', () => {
    const figures = figuresOf([...tidy, photo('Ana', 'is Ben', 10, 0.3, 12)]);
    expect(figures.suspects[0]).toMatchObject({
      photo: { photoName: 'is Ben' },
      reason: 'looks-like-other',
      other: { photo: { person: { name: 'Ben' } } },
    });
    expect(figures.lookAlikes).toMatchObject([{ doubtful: true }]);
    expect(figures.personThresholds).toEqual([]);
  });

  it('finds a photo that looks like nobody', () => {
    const { suspects } = figuresOf([...tidy, photo('Ana', 'is a dog', 40)]);
    expect(suspects).toMatchObject([{ photo: { photoName: 'is a dog' }, reason: 'unlike-own' }]);
  });

  it('finds photos nearly alike, also under two names', () => {
    const { duplicates, lookAlikes, personThresholds } = figuresOf([
      ...tidy,
      photo('Ben', 'b1 again', 10, 0.01),
      photo('Cleo', 'b2 too', 10, 0.6),
    ]);
    expect(duplicates.map(({ photos }) => photos.map(({ photoName }) => photoName).sort())).toEqual([
      ['b2', 'b2 too'],
      ['b1', 'b1 again'],
    ]);
    // One photo cannot make two people look alike.
    expect(lookAlikes).toMatchObject([{ doubtful: true }]);
    expect(personThresholds).toEqual([]);
  });

  it('keeps people who look alike apart by thresholds of their own', () => {
    const { lookAlikes, personThresholds, suspects } = figuresOf([
      photo('Ana', 'a1', 0),
      photo('Ana', 'a2', 0, 0.4, 5),
      photo('Twin', 't1', 0, 0.8),
    ]);
    expect(suspects).toEqual([]);
    expect(lookAlikes).toMatchObject([
      { doubtful: false, pair: { photos: [{ photoName: 'a1' }, { photoName: 't1' }] } },
    ]);
    const { distance } = lookAlikes[0]!.pair;
    expect(personThresholds.map(({ person, nearest, tar }) => [person.name, nearest.name, tar])).toEqual([
      ['Ana', 'Twin', 1],
      ['Twin', 'Ana', null],
    ]);
    for (const { threshold } of personThresholds) {
      expect(threshold).toBeLessThan(distance);
      expect(threshold).toBeGreaterThan(distance - 0.0011);
    }
  });

  it('lists poor photos, worst first', () => {
    const worse = (quality: number): (typeof tidy)[number] => {
      const made = photo('Ben', `quality ${quality}`, 10, 0.5, 11);
      return { ...made, photo: { ...made.photo, quality } };
    };
    const { poor } = figuresOf([...tidy, worse(0.4), worse(0.2), worse(0.5)]);
    expect(poor.map(({ photoName }) => photoName)).toEqual(['quality 0.2', 'quality 0.4']);
  });

  it.each([
    ['an empty gallery', [], ['empty'], { far: null, frr: null }],
    [
      'one photo of one person',
      tidy.slice(0, 1),
      ['Only one person', 'Nobody has two'],
      { far: null, frr: null },
    ],
    ['one person', tidy.slice(0, 2), ['Only one person'], { far: null, frr: 0 }],
    ['one photo a person', [tidy[0]!, tidy[2]!], ['Nobody has two'], { far: 0, frr: null }],
  ])('says what cannot be measured with %s', (_, photos, notes, rates) => {
    const figures = figuresOf(photos);
    expect(figures.notes).toEqual(notes.map((note) => expect.stringContaining(note) as string));
    expect(figures).toMatchObject({ eer: null, auc: null, current: rates, suspects: [], lookAlikes: [] });
    expect(figures.suggestion).toMatchObject({ source: 'embedder', threshold: 0.967 });
  });
});

describe('the threshold suggested', () => {
  it('is the embedder’s own where the gallery cannot show so low a rate', () => {
    const { suggestion } = figuresOf(tidy, 1e-3);
    expect(suggestion).toMatchObject({ source: 'embedder', threshold: 1.048 });
    expect(suggestion.why).toMatch(/4 pairs of two people.*cannot show.*1e-3.*mobilefacenet/);
  });

  it('is the embedder’s next stricter one, or the strictest known', () => {
    expect(figuresOf(tidy, 5e-4).suggestion.threshold).toBe(0.967);
    const { suggestion } = figuresOf(tidy, 1e-9);
    expect(suggestion.threshold).toBe(spec.thresholds.at(-1)!.distance);
    expect(suggestion.why).toContain('lowest that is known');
  });

  it('is measured where the gallery can show the rate, and keeps to it', () => {
    const people = Array.from({ length: 12 }, (_, index) => photo(`P${index}`, 'one', index * 2, index / 12));
    const { suggestion } = figuresOf([...people, photo('Q', 'two', 0, 0.5, 3)], 0.02);
    // 78 pairs, of which one may be accepted: the nearest two people are P0 and Q.
    expect(suggestion).toMatchObject({ source: 'gallery', far: 1 / 78 });
    expect(suggestion.why).toMatch(/78 pairs.*rough guide.*rests on 1 /);
  });
});
