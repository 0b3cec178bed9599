import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import {
  FaceClusters,
  mostVaried,
  type StoredFace,
} from '../../../../src/recognition/unknown/face-clusters.js';

const dimension = 6;
const threshold = 0.9;
const unit = fc
  .float32Array({ minLength: dimension, maxLength: dimension, min: -1, max: 1, noNaN: true })
  .filter((vector) => Math.hypot(...vector) > 0.1)
  .map((vector) => l2Normalise(Float32Array.from(vector)));
const crops = (most: number) =>
  fc
    .array(fc.record({ quality: fc.double({ min: 0, max: 1, noNaN: true }), vector: unit }), {
      minLength: 1,
      maxLength: most,
    })
    .map((list) => list.map((crop, index): StoredFace => ({ ...crop, faceId: `f${index}` })));

function rootMeanSquare(a: readonly StoredFace[], b: readonly StoredFace[]): number {
  const squares = a.flatMap((one) => b.map((other) => euclideanDistance(one.vector, other.vector) ** 2));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

function axis(along: number, lean = 0): Float32Array {
  const vector = new Float32Array(dimension);
  vector[along] = 1;
  vector[(along + 1) % dimension]! += lean;
  return l2Normalise(vector);
}

function face(vector: Float32Array, quality = 0.5): StoredFace {
  return { faceId: vector.join(), quality, vector };
}

describe('FaceClusters', () => {
  it('finds the person nearest on average over all pairs of crops, within the threshold', () => {
    fc.assert(
      fc.property(fc.array(crops(4), { maxLength: 6 }), crops(4), (people, probe) => {
        const clusters = new FaceClusters(dimension, threshold);
        people.forEach((faces, person) => clusters.set(`p${person}`, faces));
        const distances = people.map((faces) => rootMeanSquare(faces, probe));
        const nearest = Math.min(Infinity, ...distances);
        fc.pre(Math.abs(nearest - threshold) > 1e-4);
        const found = clusters.find(probe);
        if (nearest > threshold) expect(found).toBeUndefined();
        else expect(distances[Number(found!.slice(1))]).toBeCloseTo(nearest, 4);
      }),
    );
  });

  it('does not take one look-alike crop for the person', () => {
    const clusters = new FaceClusters(dimension, threshold);
    clusters.set('ana', [face(axis(0)), face(axis(0, 0.3)), face(axis(0, -0.3)), face(axis(3))]);
    expect(clusters.find([face(axis(3, 0.1))])).toBeUndefined();
    expect(clusters.find([face(axis(0, 0.1))])).toBe('ana');
  });

  it('leaves out a person whom the crops were said not to show', () => {
    const clusters = new FaceClusters(dimension, threshold);
    clusters.load([
      { faceId: 'a', personId: 'ana', role: 'sighting', quality: 1, vector: axis(0) },
      { faceId: 'b', personId: 'ana', role: 'counterexample', quality: 1, vector: axis(0, 0.5) },
    ]);
    expect(clusters.find([face(axis(0, 0.4))])).toBeUndefined();
    expect(clusters.find([face(axis(0, 0.1))])).toBe('ana');
  });
});

describe('mostVaried', () => {
  it('drops the poorer of the two that are most alike', () => {
    const [a, b, c] = [face(axis(0), 0.2), face(axis(0, 0.1), 0.9), face(axis(2), 0.1)];
    expect(mostVaried([a, b, c], 2)).toEqual([b, c]);
    expect(mostVaried([a, b, c], 3)).toEqual([a, b, c]);
  });

  it('keeps as many as it may, in their order', () => {
    fc.assert(
      fc.property(crops(12), fc.integer({ min: 1, max: 12 }), (faces, limit) => {
        const kept = mostVaried(faces, limit);
        expect(kept).toHaveLength(Math.min(limit, faces.length));
        expect(kept).toEqual(faces.filter((one) => kept.includes(one)));
      }),
    );
  });
});
