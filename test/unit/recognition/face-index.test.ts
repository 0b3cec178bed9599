import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../src/core/distance.js';
import { FaceIndex } from '../../../src/recognition/face-index.js';

const dimension = 12;
const unit = fc
  .float32Array({ minLength: dimension, maxLength: dimension, min: -1, max: 1, noNaN: true })
  .filter((vector) => Math.hypot(...vector) > 0.1)
  .map((vector) => l2Normalise(Float32Array.from(vector)));
const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), unit), { maxLength: 90 }).map((list) =>
  list.map(([person, vector], face) => ({
    faceId: `f${face}`,
    person: { id: `p${person}`, name: `N${person}` },
    role: 'example' as const,
    vector,
  })),
);

/** The same, the slow and obvious way. */
function nearestBySorting(
  list: { person: { id: string }; vector: Float32Array }[],
  probe: Float32Array,
): Map<string, number> {
  const best = new Map<string, number>();
  for (const { person, vector } of list) {
    const distance = euclideanDistance(vector, probe);
    if (distance < (best.get(person.id) ?? Infinity)) best.set(person.id, distance);
  }
  return new Map([...best].sort(([, a], [, b]) => a - b));
}

function indexOf(list: Parameters<FaceIndex['add']>[0][]): FaceIndex {
  const index = new FaceIndex(dimension);
  list.forEach((entry) => index.add(entry));
  return index;
}

describe('FaceIndex', () => {
  it('finds the nearest photo of each person, nearest person first', () => {
    fc.assert(
      fc.property(entries, unit, fc.integer({ min: 1, max: 5 }), (list, probe, count) => {
        const expected = [...nearestBySorting(list, probe).values()].slice(0, count);
        const found = indexOf(list).nearest(probe, count);
        expect(found).toHaveLength(expected.length);
        found.forEach(({ distance }, place) =>
          expect(Math.abs(distance - expected[place]!)).toBeLessThan(2e-3),
        );
        expect(new Set(found.map(({ person }) => person.id)).size).toBe(found.length);
      }),
    );
  });

  it('forgets what is removed and nothing else', () => {
    fc.assert(
      fc.property(entries, unit, fc.integer({ min: 0, max: 8 }), (list, probe, gone) => {
        const index = indexOf(list);
        index.remove((_, person) => person.id === `p${gone}`);
        const rest = list.filter(({ person }) => person.id !== `p${gone}`);
        const expected = nearestBySorting(rest, probe);
        expect(index.faces).toBe(rest.length);
        const found = index.nearest(probe, 9);
        expect(found.map(({ person }) => person.id).sort()).toEqual([...expected.keys()].sort());
        for (const { person, distance } of found) {
          expect(Math.abs(distance - expected.get(person.id)!)).toBeLessThan(2e-3);
        }
      }),
    );
  });

  it('finds nobody when empty', () => {
    expect(new FaceIndex(dimension).nearest(new Float32Array(dimension), 3)).toEqual([]);
  });
});
