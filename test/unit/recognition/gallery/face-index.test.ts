import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import type { GalleryEntry } from '../../../../src/core/people-store.js';
import { FaceIndex } from '../../../../src/recognition/gallery/face-index.js';

const dimension = 12;
/** Of squared distances: the search compares in single precision. */
const precision = 2e-6;

const vectors = fc
  .float32Array({ minLength: dimension, maxLength: dimension, min: -1, max: 1, noNaN: true })
  .filter((vector) => Math.hypot(...vector) > 0.1)
  .map((vector) => l2Normalise(Float32Array.from(vector)));
/** A few vectors come again and again, so that photos are doubled and people tie. */
const common = Array.from({ length: 4 }, (_, at) => axis(at));
const unit = fc.oneof({ weight: 3, arbitrary: vectors }, fc.constantFrom(...common));
const people = 6;
const person = fc
  .integer({ min: 0, max: people - 1 })
  .map((number) => ({ id: `p${number}`, name: `N${number}` }));
const entry: fc.Arbitrary<GalleryEntry> = fc.record({
  faceId: fc.integer({ min: 0, max: 60 }).map((number) => `f${number}`),
  person,
  role: fc.constantFrom('example', 'example', 'example', 'counterexample'),
  vector: unit,
});
type Step = GalleryEntry | { readonly faceGone: string } | { readonly personGone: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: entry },
  { weight: 3, arbitrary: entry.map(({ faceId }) => ({ faceGone: faceId })) },
  { weight: 1, arbitrary: person.map(({ id }) => ({ personGone: id })) },
);

function axis(at: number): Float32Array {
  const vector = new Float32Array(dimension);
  vector[at] = 1;
  return vector;
}

/** Does the same to an index and to a plain list of what it should hold. */
function follow(steps: readonly Step[]): { index: FaceIndex; faces: Map<string, GalleryEntry> } {
  const index = new FaceIndex(dimension);
  const faces = new Map<string, GalleryEntry>();
  for (const each of steps) {
    if ('faceGone' in each) {
      expect(index.removeFace(each.faceGone)).toBe(faces.delete(each.faceGone));
    } else if ('personGone' in each) {
      const gone = [...faces.values()].filter(({ person }) => person.id === each.personGone);
      gone.forEach(({ faceId }) => faces.delete(faceId));
      expect(index.removePerson(each.personGone)).toBe(gone.length > 0);
    } else {
      // A face's vector never changes.
      const vector = faces.get(each.faceId)?.vector ?? each.vector;
      index.add({ ...each, vector });
      faces.set(each.faceId, { ...each, vector });
    }
  }
  return { index, faces };
}

interface Expected {
  readonly id: string;
  readonly distance: number;
  /** Null where the photos cancel out. */
  readonly centroidDistance: number | null;
  readonly counterDistance: number;
}

/** What a search must find, the slow and obvious way, nearest first. */
function expectedOf(faces: Iterable<GalleryEntry>, probe: Float32Array): Expected[] {
  const all = [...faces];
  return [...new Set(all.map(({ person }) => person.id))]
    .map((id) => {
      const of = (role: string) => all.filter((face) => face.person.id === id && face.role === role);
      const least = (list: GalleryEntry[]) =>
        Math.min(...list.map(({ vector }) => euclideanDistance(vector, probe)));
      const examples = of('example');
      return {
        id,
        distance: least(examples),
        centroidDistance: distanceToMean(examples, probe),
        counterDistance: least(of('counterexample')),
      };
    })
    .filter(({ distance }) => distance < Infinity)
    .sort((a, b) => a.distance - b.distance);
}

function distanceToMean(list: readonly GalleryEntry[], probe: Float32Array): number | null {
  const mean = Array.from({ length: dimension }, (_, at) =>
    list.reduce((sum, { vector }) => sum + vector[at]! / list.length, 0),
  );
  const length = Math.hypot(...mean);
  return length < 1e-3 ? null : Math.hypot(...mean.map((value, at) => value / length - probe[at]!));
}

const squaresApart = (a: number, b: number): number => Math.abs(a * a - b * b);

function compare(
  index: FaceIndex,
  faces: Map<string, GalleryEntry>,
  probe: Float32Array,
  count: number,
): void {
  const expected = expectedOf(faces.values(), probe);
  const found = index.nearest(probe, count);
  expect(found).toHaveLength(Math.min(count, expected.length));
  expect(new Set(found.map(({ person }) => person.id)).size).toBe(found.length);
  found.forEach((neighbour, place) => {
    expect(squaresApart(neighbour.distance, expected[place]!.distance)).toBeLessThan(precision);
    const own = expected.find(({ id }) => id === neighbour.person.id)!;
    expect(squaresApart(neighbour.distance, own.distance)).toBeLessThan(precision);
    if (own.centroidDistance !== null)
      expect(squaresApart(neighbour.centroidDistance, own.centroidDistance)).toBeLessThan(precision);
    if (squaresApart(own.counterDistance, own.distance) > precision)
      expect(neighbour.rejected).toBe(own.counterDistance < own.distance);
  });
}

describe('FaceIndex', () => {
  it('agrees with brute force after any changes: photos, centres, counterexamples', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        unit,
        fc.integer({ min: 1, max: 7 }),
        (steps, probe, count) => {
          const { index, faces } = follow(steps);
          compare(index, faces, probe, count);
          const examples = [...faces.values()].filter(({ role }) => role === 'example');
          expect(index.faces).toBe(examples.length);
          expect(index.people).toBe(new Set(examples.map(({ person }) => person.id)).size);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with brute force for people of many photos', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 2500, maxLength: 3000 }), unit, (photos, probe) => {
        const entries = photos.map((vector, face) => {
          const id = `p${face % 3}`;
          return { faceId: `f${face}`, person: { id, name: id }, role: 'example' as const, vector };
        });
        const { index, faces } = follow(entries);
        compare(index, faces, probe, 3);
      }),
      { numRuns: 5 },
    );
  });

  it('takes out what a check does not come across, in portions, and nothing else', () => {
    const all = fc.uniqueArray(entry, { selector: ({ faceId }) => faceId, maxLength: 60 });
    fc.assert(
      fc.property(all, fc.func(fc.boolean()), unit, (list, stays, probe) => {
        const { index, faces } = follow(list);
        index.beginCheck();
        for (const face of list) {
          if (stays(face.faceId)) expect(index.add(face)).toBe(false);
          else faces.delete(face.faceId);
        }
        let removed = 0;
        for (let portion = -1; portion !== 0; removed += portion) {
          portion = index.removeUnchecked(7);
          expect(portion).toBeLessThanOrEqual(7);
        }
        expect(removed).toBe(list.length - faces.size);
        compare(index, faces, probe, people);
      }),
    );
  });

  it('gives the newest name, and says whether anything has changed', () => {
    const index = new FaceIndex(dimension);
    const face: GalleryEntry = {
      faceId: 'f',
      person: { id: 'p', name: 'Ana' },
      role: 'example',
      vector: axis(0),
    };
    expect(index.add(face)).toBe(true);
    expect(index.add(face)).toBe(false);
    expect(index.add({ ...face, person: { id: 'p', name: 'Anna' } })).toBe(true);
    expect(index.nearest(axis(0), 1)).toEqual([
      { person: { id: 'p', name: 'Anna' }, distance: 0, centroidDistance: 0, rejected: false },
    ]);
  });

  it('rejects a person whose counterexample is nearer than their photos, not one where both are as near', () => {
    const index = new FaceIndex(dimension);
    const person = { id: 'p', name: 'Ana' };
    index.add({ faceId: 'f', person, role: 'example', vector: axis(0) });
    index.add({ faceId: 'c', person, role: 'counterexample', vector: axis(1) });
    expect(index.nearest(axis(1), 1)[0]?.rejected).toBe(true);
    expect(index.nearest(axis(2), 1)[0]?.rejected).toBe(false);
    expect(index.nearest(axis(0), 1)[0]?.rejected).toBe(false);
  });

  it('keeps its own copy of a vector', () => {
    const index = new FaceIndex(dimension);
    const person = { id: 'p', name: 'Ana' };
    const vector = axis(1);
    index.add({ faceId: 'f', person, role: 'example', vector: axis(0) });
    index.add({ faceId: 'c', person, role: 'counterexample', vector });
    vector.fill(0);
    expect(index.nearest(axis(1), 1)[0]?.rejected).toBe(true);
  });

  it('finds nobody when empty, and refuses vectors of another dimension', () => {
    const index = new FaceIndex(dimension);
    const person = { id: 'p', name: 'Ana' };
    expect(index.nearest(axis(0), 3)).toEqual([]);
    for (const role of ['example', 'counterexample'] as const) {
      const entry = { faceId: 'f', person, role, vector: new Float32Array(dimension - 1) };
      expect(() => index.add(entry)).toThrow(RangeError);
    }
    expect(() => index.nearest(new Float32Array(dimension + 1), 1)).toThrow(RangeError);
    expect(index.faces).toBe(0);
  });
});
