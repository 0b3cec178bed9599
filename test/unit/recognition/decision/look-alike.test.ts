import { describe, expect, it } from 'vitest';
import type { Neighbour } from '../../../../src/core/face.js';
import { judge, rulesFor } from '../../../../src/recognition/decision/decision.js';
import { identifyFace } from '../../../../src/recognition/decision/identify-face.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';

const rules = rulesFor(findEmbedder('mobilefacenet'), { threshold: 0.967, falseNameRate: 0.001 }, 10);
const ana = { id: 'a', name: 'Ana' };
const ben = { id: 'b', name: 'Ben' };

function at(distance: number, person = ana): Neighbour {
  const lookAlike = person === ana ? { person: ben, threshold: 0.85 } : undefined;
  return { person, distance, centroidDistance: distance, rejected: false, lookAlike };
}

describe('somebody with a look-alike', () => {
  it('is named within the smaller distance, and is no stranger beyond it', () => {
    expect(judge([at(0.85)], rules)).toBe(ana);
    expect(judge([at(0.851)], rules)).toBe('unclear');
    expect(judge([at(0.968)], rules)).toBeNull();
  });

  it('makes nobody else need a smaller distance', () => {
    const cem = { id: 'c', name: 'Cem' };
    expect(judge([at(0.9, cem), at(1.2)], rules)).toBe(cem);
  });

  it('is told why', () => {
    const identity = identifyFace({ nearest: [at(0.9)], quality: 1, vector: new Float32Array(1) }, rules);
    expect(identity).toMatchObject({ person: null, threshold: 0.85 });
    expect(identity.why).toBe(
      'The nearest photo is of Ana, at distance 0.90, but Ben looks so much like Ana that a name needs 0.85 or less.',
    );
  });
});
