import { describe, expect, it } from 'vitest';
import { l2Normalise } from '../../../../src/core/distance.js';
import { findEmbedder, samePersonProbability } from '../../../../src/recognition/embedding/embedder-specs.js';
import { verifyFaces } from '../../../../src/recognition/decision/verify-faces.js';

const embedder = findEmbedder('mobilefacenet');
const first = new Float32Array([1, 0, 0]);
/** At a distance of just 1: sixty degrees apart. */
const second = l2Normalise(new Float32Array([0.5, Math.sqrt(0.75), 0]));

describe('verifyFaces', () => {
  it('goes by the distance', () => {
    const { same, distance, threshold, probability } = verifyFaces([first, second], embedder, 1.0001, null);
    expect({ same, threshold }).toEqual({ same: true, threshold: 1.0001 });
    expect(distance).toBeCloseTo(1, 6);
    expect(probability).toBe(samePersonProbability(embedder, distance));
    expect(verifyFaces([first, second], embedder, 0.9999, null).same).toBe(false);
  });

  it('counts the threshold in', () => {
    expect(verifyFaces([first, first], embedder, 0, null)).toMatchObject({ same: true, distance: 0 });
  });

  it('asks the head, where there is one, for the probability alone', () => {
    const head = (a: Float32Array, b: Float32Array): number => (a === first && b === second ? 0.25 : 1);
    expect(verifyFaces([first, second], embedder, 1.1, head)).toMatchObject({
      same: true,
      probability: 0.25,
    });
  });
});
