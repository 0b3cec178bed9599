import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedderIds } from '../../../../src/core/face-embedder.js';
import type { Neighbour } from '../../../../src/core/face.js';
import { rulesFor } from '../../../../src/recognition/decision/decision.js';
import { identifyFace } from '../../../../src/recognition/decision/identify-face.js';
import {
  impliedPrior,
  probabilityAt,
  similarPeople,
} from '../../../../src/recognition/decision/similarity.js';
import { findEmbedder, samePersonProbability } from '../../../../src/recognition/embedding/embedder-specs.js';

const distance = fc.double({ min: 0, max: 2, noNaN: true });
const settings = { threshold: null, falseNameRate: 0.001 };

function neighbour(id: number, at: number, change: Partial<Neighbour> = {}): Neighbour {
  const person = { id: String(id), name: `Person ${id}` };
  return { person, distance: at, centroidDistance: at, rejected: false, ...change };
}

describe.each(embedderIds)('probabilities of %s', (id) => {
  const spec = findEmbedder(id);

  it('reach one half exactly at the threshold, and fall with distance', () => {
    fc.assert(
      fc.property(distance, distance, distance, (threshold, one, other) => {
        const [near, far] = [Math.min(one, other), Math.max(one, other)];
        expect(probabilityAt(spec, threshold, threshold)).toBe(0.5);
        expect(probabilityAt(spec, threshold, near)).toBeGreaterThanOrEqual(
          probabilityAt(spec, threshold, far),
        );
        if (far > threshold + 1e-9) expect(probabilityAt(spec, threshold, far)).toBeLessThan(0.5);
        if (near <= threshold) expect(probabilityAt(spec, threshold, near)).toBeGreaterThanOrEqual(0.5);
      }),
    );
  });

  it('follow from the likelihood ratio and the prior by Bayes’ rule', () => {
    const even = samePersonProbability(spec, spec.threshold - 0.01);
    const prior = impliedPrior(spec, spec.threshold);
    const bayes = (even * prior) / (even * prior + (1 - even) * (1 - prior));
    expect(probabilityAt(spec, spec.threshold, spec.threshold - 0.01)).toBeCloseTo(bayes, 9);
  });

  it('are one half or more for the person named, and for nobody else', () => {
    const people = fc.array(
      fc.record({
        at: distance,
        rejected: fc.boolean(),
        limit: fc.option(distance),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(
        people,
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (found, photos, quality) => {
          const rules = rulesFor(spec, settings, photos);
          const nearest = found
            .toSorted((a, b) => a.at - b.at)
            .map(({ at, rejected, limit }, index) =>
              neighbour(index, at, {
                rejected,
                lookAlike: limit === null ? undefined : { person: { id: 'x', name: 'X' }, threshold: limit },
              }),
            );
          const identity = identifyFace({ nearest, quality, vector: new Float32Array(1) }, rules);
          const similar = similarPeople(identity, nearest, spec);
          const likely = similar.filter(({ similarity }) => similarity >= 0.5).map(({ person }) => person.id);
          expect(likely).toEqual(identity.person ? [identity.person.id] : []);
          expect(similar.map(({ similarity }) => similarity)).toEqual(
            similar.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
          );
          expect(similar).toHaveLength(nearest.filter(({ rejected }) => !rejected).length);
        },
      ),
    );
  });
});
