import { describe, expect, it } from 'vitest';
import type { Neighbour } from '../../../../src/core/face.js';
import type { ClassifierHead } from '../../../../src/core/heads.js';
import { rulesFor, type Match, type DecisionRules } from '../../../../src/recognition/decision/decision.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import { identifyFace as identify } from '../../../../src/recognition/decision/identify-face.js';

const embedder = findEmbedder('mobilefacenet');
const rules = rulesFor(embedder, { threshold: 0.967, falseNameRate: 1e-3 }, 2);

/** Nobody trained a classifier, so the embedding itself plays no part. */
const vector = new Float32Array(192);
const identifyFace = (match: Omit<Match, 'vector'>, by: DecisionRules) => identify({ ...match, vector }, by);

function near(name: string, distance: number, rejected = false): Neighbour {
  return { person: { id: `p-${name}`, name }, distance, centroidDistance: distance, rejected };
}

describe('identifyFace', () => {
  it('names the nearest person within the threshold and clear of the next', () => {
    const identity = identifyFace({ nearest: [near('Ana', 0.7), near('Ben', 1.2)], quality: 0.9 }, rules);
    expect(identity).toMatchObject({
      person: { id: 'p-Ana', name: 'Ana' },
      distance: 0.7,
      threshold: rules.threshold,
      quality: 0.9,
    });
    expect(identity.margin).toBeCloseTo(0.5);
    expect(identity.why).toBe(
      'The nearest photo is of Ana, at distance 0.70; a name needs 0.97 or less. Ben is 0.50 further away.',
    );
  });

  it('names the only person enrolled', () => {
    const identity = identifyFace({ nearest: [near('Ana', 0.7)], quality: 0.9 }, rules);
    expect(identity).toMatchObject({ person: { name: 'Ana' }, margin: null });
    expect(identity.why).toMatch(/there is nobody else to confuse it with/);
  });

  it('looks past people whom the face was said not to be', () => {
    const nearest = [near('Ana', 0.5, true), near('Ben', 0.55), near('Cleo', 1.2)];
    const identity = identifyFace({ nearest, quality: 0.9 }, rules);
    expect(identity).toMatchObject({ person: { name: 'Ben' }, distance: 0.55 });
    expect(identity.margin).toBeCloseTo(0.65);
    expect(identity.why).toMatch(/of Ben, at distance 0\.55.*Cleo is 0\.65/);
    const none = identifyFace({ nearest: nearest.slice(0, 1), quality: 0.9 }, rules);
    expect(none).toMatchObject({ person: null, distance: 0.5, margin: null });
    expect(none.why).toMatch(/marked as not Ana/);
  });

  it.each([
    [
      'beyond the threshold',
      [near('Ana', 0.98), near('Ben', 1.2)],
      0.9,
      0.98,
      /Ana, at distance 0\.98; a name needs 0\.97/,
    ],
    [
      'too close to call',
      [near('Ana', 0.8), near('Ben', 0.85)],
      0.9,
      0.8,
      /but Ben is 0\.05 further.*0\.1 or more/,
    ],
    ['below the quality floor', [near('Ana', 0.3)], 0.05, 0.3, /quality is 0\.05, and 0\.1 is needed/],
    ['without anybody enrolled', [], 0.9, null, /Nobody is enrolled/],
  ])('names nobody %s, and says so', (_, nearest, quality, distance, why) => {
    const identity = identifyFace({ nearest, quality }, rules);
    expect(identity).toMatchObject({ person: null, distance });
    expect(identity.why).toMatch(why);
  });

  describe('with a classifier', () => {
    const nearest = [near('Ana', 0.7), near('Ben', 0.75)];
    /** Whatever the face, its answer is this person. */
    const saying = (name: string | null): DecisionRules => {
      const people = ['Ana', 'Ben'];
      const classes = people.map((each) => ({ weights: [], bias: each === name ? 1 : 0 }));
      const classifier: ClassifierHead = {
        kind: 'classifier',
        model: embedder.model,
        dimension: 192,
        trainedAt: 0,
        people,
        rejectBelow: 0.5,
        rule: { type: 'linear-svm', classes },
      };
      return { ...rules, classifier };
    };

    it('tells the distance of the person named, who need not be the nearest', () => {
      const identity = identifyFace({ nearest, quality: 0.9 }, saying('Ben'));
      expect(identity).toMatchObject({ person: { name: 'Ben' }, distance: 0.75 });
      expect(identity.why).toMatch(/of Ana, at distance 0\.70, but the trained classifier says Ben\./);
    });

    it('says that it was the classifier who knew nobody', () => {
      const identity = identifyFace({ nearest, quality: 0.9 }, saying(null));
      expect(identity).toMatchObject({ person: null, distance: 0.7 });
      expect(identity.why).toMatch(/the trained classifier does not confirm it\./);
    });
  });
});
