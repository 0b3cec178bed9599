import { describe, expect, it } from 'vitest';
import { l2Normalise } from '../../../../src/core/distance.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import { impliedPrior, probabilityAt } from '../../../../src/recognition/decision/similarity.js';
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
    expect(probability).toBe(probabilityAt(embedder, threshold, distance));
    expect(verifyFaces([first, second], embedder, 0.9999, null).same).toBe(false);
  });

  it('counts the threshold in', () => {
    expect(verifyFaces([first, first], embedder, 0, null)).toMatchObject({ same: true, distance: 0 });
  });

  it('has the head decide, where there is one, by the same prior', () => {
    const { prior } = verifyFaces([first, second], embedder, 0.967, null);
    expect(prior).toBe(impliedPrior(embedder, 0.967));
    expect(prior).toBeCloseTo(0.025, 3);
    const verifyWith = (even: number) => verifyFaces([first, second], embedder, 0.967, () => even);
    expect(verifyWith(0.96)).toMatchObject({ same: false, prior });
    expect(verifyWith(0.96).probability).toBeCloseTo((0.96 * prior) / (0.96 * prior + 0.04 * (1 - prior)), 9);
    expect(verifyWith(0.98).same).toBe(true);
    expect([verifyWith(0), verifyWith(1)]).toMatchObject([{ probability: 0 }, { probability: 1 }]);
  });
});
