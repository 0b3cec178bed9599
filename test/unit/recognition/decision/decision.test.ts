import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Neighbour, Person } from '../../../../src/core/face.js';
import {
  thresholdsFor,
  distanceAt,
  judge,
  leaning,
  marginOf,
  rulesFor,
} from '../../../../src/recognition/decision/decision.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';

const embedder = findEmbedder('mobilefacenet');
const automatic = { threshold: null, falseNameRate: 1e-3 };
const ana: Person = { id: 'a', name: 'Ana' };
const ben: Person = { id: 'b', name: 'Ben' };
const near = (person: Person, distance: number, rejected = false): Neighbour => ({
  person,
  distance,
  centroidDistance: distance,
  rejected,
});

describe('distanceAt', () => {
  it('gives what was measured at the rates measured', () => {
    for (const { falseAcceptRate, distance } of embedder.thresholds)
      expect(distanceAt(embedder.thresholds, falseAcceptRate)).toBeCloseTo(distance, 10);
  });

  it('lies half-way at the geometric mean of two rates', () => {
    const [first, second] = embedder.thresholds;
    const middle = Math.sqrt(first!.falseAcceptRate * second!.falseAcceptRate);
    expect(distanceAt(embedder.thresholds, middle)).toBeCloseTo((first!.distance + second!.distance) / 2, 10);
  });

  it('goes on beyond both ends, and never below 0', () => {
    const measured = [
      { falseAcceptRate: 1e-3, distance: 1 },
      { falseAcceptRate: 1e-4, distance: 0.9 },
    ];
    expect(distanceAt(measured, 1e-2)).toBeCloseTo(1.1, 10);
    expect(distanceAt(measured, 1e-6)).toBeCloseTo(0.7, 10);
    expect(distanceAt(measured, 1e-20)).toBe(0);
  });

  it('grows with the rate', () => {
    const rate = fc.double({ min: 1e-12, max: 0.1, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(distanceAt(embedder.thresholds, less)).toBeLessThanOrEqual(
          distanceAt(embedder.thresholds, more),
        );
      }),
    );
  });

  it('needs two points', () => {
    expect(() => distanceAt(embedder.thresholds.slice(0, 1), 1e-3)).toThrow('Expected two thresholds');
  });
});

describe('rulesFor', () => {
  it('asks for nearer faces the more photos are enrolled', () => {
    const thresholds = [0, 1, 5, 50, 500].map((photos) => rulesFor(embedder, automatic, photos).threshold);
    expect(thresholds[0]).toBe(thresholds[1]);
    [1.024, 0.967, 0.897, 0.801].forEach((distance, index) =>
      expect(thresholds[index + 1]).toBeCloseTo(distance),
    );
  });

  it('uses the threshold that the user chose as it is', () => {
    const rules = rulesFor(embedder, { threshold: 0.9, falseNameRate: 1e-3 }, 5000);
    expect(rules).toMatchObject({ threshold: 0.9, falseNameRate: null });
  });

  it('says from which rate the threshold follows', () => {
    expect(rulesFor(embedder, automatic, 5).falseNameRate).toBe(1e-3);
  });
});

describe('judge', () => {
  const rules = rulesFor(embedder, { threshold: 1, falseNameRate: 1e-3 }, 2);

  it('names the nearest within the threshold and clear of the next', () => {
    expect(judge([near(ana, 1)], rules)).toBe(ana);
    expect(judge([near(ana, 0.8), near(ben, 0.95)], rules)).toBe(ana);
    expect(judge([near(ana, 0.8), near(ben, 0.85)], rules)).toBe('unclear');
    expect(judge([near(ana, 1.01)], rules)).toBeNull();
    expect(judge([], rules)).toBeNull();
  });

  it('leaves out whom somebody ruled out', () => {
    const nearest = [near(ana, 0.5, true), near(ben, 0.9)];
    expect(judge(nearest, rules)).toBe(ben);
    expect(marginOf(nearest)).toBeNull();
    expect(leaning(nearest, rules)).toBe(ben);
    expect(judge(nearest.slice(0, 1), rules)).toBeNull();
  });

  it('is stricter than a leaning', () => {
    expect(leaning([near(ana, 1.05)], rules)).toBe(ana);
    expect(leaning([near(ana, 1.2)], rules)).toBeNull();
    const generous = rulesFor(embedder, { threshold: 1.3, falseNameRate: 1e-3 }, 2);
    expect(leaning([near(ana, 1.25)], generous)).toBe(ana);
  });
});

describe('thresholdsFor', () => {
  const all = { threshold: null, falseNameRate: 1e-3 };
  const chosen = { threshold: 0.9, falseNameRate: 1e-3 };
  it.each([
    ['nothing of its own', { threshold: null, falseNameRate: null }, chosen, chosen],
    ['a threshold', { threshold: 0.7, falseNameRate: null }, all, { threshold: 0.7, falseNameRate: 1e-3 }],
    ['a rate', { threshold: null, falseNameRate: 1e-5 }, all, { threshold: null, falseNameRate: 1e-5 }],
    [
      'a rate, and all a threshold',
      { threshold: null, falseNameRate: 1e-5 },
      chosen,
      { threshold: null, falseNameRate: 1e-5 },
    ],
    ['both', { threshold: 0.7, falseNameRate: 1e-5 }, chosen, { threshold: 0.7, falseNameRate: 1e-5 }],
  ])('lets a camera that has %s go before all', (_, own, everywhere, choice) => {
    expect(thresholdsFor(own, everywhere)).toEqual(choice);
  });
});
