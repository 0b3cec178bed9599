import { describe, expect, it, vi } from 'vitest';
import type { Neighbour } from '../../../../src/core/face.js';
import {
  type ClassifierHead,
  type ProjectionHead,
  type SiameseHead,
  fitting,
} from '../../../../src/core/heads.js';
import { rulesFor } from '../../../../src/recognition/decision/decision.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import { classify, judgeWithClassifier } from '../../../../src/recognition/heads/classifier.js';
import { projectedSpec } from '../../../../src/recognition/heads/projection.js';
import { siameseProbability } from '../../../../src/recognition/heads/siamese.js';

const spec = findEmbedder('mobilefacenet');
const base = { model: spec.model, dimension: 2, trainedAt: 0 };
const vector = (...values: number[]): Float32Array => Float32Array.from(values);

describe('siameseProbability', () => {
  const head: SiameseHead = {
    kind: 'siamese',
    ...base,
    weights: { distance: 0.5, differences: [1, 0] },
    confidence: { midpoint: 1, slope: 4 },
  };
  it('is the logistic of the learned distance', () => {
    // .5 · √2 + 1 · 1
    const expected = 1 / (1 + Math.exp(4 * (0.5 * Math.SQRT2 + 1 - 1)));
    expect(siameseProbability(head, vector(1, 0), vector(0, 1))).toBeCloseTo(expected, 6);
    expect(siameseProbability(head, vector(1, 0), vector(1, 0))).toBeCloseTo(1 / (1 + Math.exp(-4)), 6);
  });
  it('refuses embeddings of two lengths', () => {
    expect(() => siameseProbability(head, vector(1, 0), vector(1))).toThrow(RangeError);
  });
});

describe('classify', () => {
  const vectors = [
    [1, 0],
    [0, 1],
    [0, -1],
  ];
  const rules: ClassifierHead['rule'][] = [
    {
      type: 'linear-svm',
      classes: [
        { weights: [1, 0], bias: -0.5 },
        { weights: [0, 1], bias: -0.5 },
      ],
    },
    {
      type: 'rbf-svm',
      gamma: 1,
      vectors,
      classes: [
        { coefficients: [1, -1, -1], bias: 0 },
        { coefficients: [-1, 1, -1], bias: 0 },
      ],
    },
    { type: 'knn', gamma: 1, neighbours: 1, vectors: vectors.slice(0, 2), labels: [0, 1] },
  ];
  it.each(rules)('names the nearer class, and rejects what is near to none ($type)', (rule) => {
    const head: ClassifierHead = {
      kind: 'classifier',
      ...base,
      people: ['Ann', 'Bob'],
      rejectBelow: 0.3,
      rule,
    };
    expect(classify(head, vector(0.96, 0.28)).name).toBe('Ann');
    expect(classify(head, vector(0.28, 0.96)).name).toBe('Bob');
    expect(classify(head, vector(-0.6, -0.8)).name).toBeNull();
  });
});

describe('judgeWithClassifier', () => {
  const head: ClassifierHead = {
    kind: 'classifier',
    ...base,
    people: ['Ann', 'Bob'],
    rejectBelow: 0,
    rule: {
      type: 'linear-svm',
      classes: [
        { weights: [1, 0], bias: 0 },
        { weights: [0, 1], bias: 0 },
      ],
    },
  };
  const rules = rulesFor(spec, { threshold: 0.9, falseNameRate: 1e-3 }, 2);
  const near = (name: string, distance: number): Neighbour => ({
    person: { id: name, name },
    distance,
    centroidDistance: distance,
    rejected: false,
  });
  const ann = vector(1, 0);
  const nobody = vector(-1, -1);

  it('settles what is too close to call by distance', () => {
    expect(judgeWithClassifier(head, ann, [near('Bob', 0.7), near('Ann', 0.71)], rules)).toMatchObject({
      name: 'Ann',
    });
  });
  it('never names beyond the threshold', () => {
    expect(judgeWithClassifier(head, ann, [near('Ann', 0.91), near('Bob', 1.2)], rules)).toBeNull();
    expect(judgeWithClassifier(head, ann, [near('Bob', 0.7), near('Ann', 0.91)], rules)).toBe('unclear');
  });
  it('takes a face that the classifier rejects for a stranger', () => {
    expect(judgeWithClassifier(head, nobody, [near('Ann', 0.5), near('Bob', 1.2)], rules)).toBeNull();
  });
  it('takes a face for a stranger when the user said of everybody near that it is not them', () => {
    const notAnn = { ...near('Ann', 0.5), rejected: true };
    expect(judgeWithClassifier(head, ann, [notAnn, near('Bob', 1.2)], rules)).toBeNull();
    expect(judgeWithClassifier(head, ann, [notAnn, near('Bob', 0.8)], rules)).toBe('unclear');
  });
  it('leaves people whom it was not trained on to the plain rule', () => {
    expect(judgeWithClassifier(head, ann, [near('Cid', 0.5), near('Ann', 1.2)], rules)).toMatchObject({
      name: 'Cid',
    });
    expect(judgeWithClassifier(head, ann, [near('Cid', 0.5), near('Ann', 0.51)], rules)).toBe('unclear');
  });
});

describe('projectedSpec', () => {
  it('carries every distance over, and has a version of its own', () => {
    const head: ProjectionHead = {
      kind: 'projection',
      ...base,
      outputDimension: 64,
      hash: '0123abcd',
      distances: { factor: 0.5, offset: 0.4 },
    };
    const projected = projectedSpec(spec, head);
    expect(projected.model).toEqual({ id: 'mobilefacenet', version: `${spec.model.version}+0123abcd` });
    expect(projected.dimension).toBe(64);
    expect(projected.threshold).toBeCloseTo(0.5 * spec.threshold + 0.4, 9);
    expect(projected.leastMargin).toBeCloseTo(0.5 * spec.leastMargin, 9);
    // The same share of strangers at the threshold, and the same confidence.
    const confidence = ({ threshold, confidence: { midpoint, slope } }: typeof spec) =>
      slope * (threshold - midpoint);
    expect(confidence(projected)).toBeCloseTo(confidence(spec), 9);
  });
});

describe('fitting', () => {
  const head = { kind: 'siamese', ...base } as SiameseHead;
  it('lets a head of the embedder in use pass, and none', () => {
    const onMisfit = vi.fn();
    expect(fitting(head, { model: spec.model, dimension: 2 }, onMisfit)).toBe(head);
    expect(fitting(null, { model: spec.model, dimension: 2 }, onMisfit)).toBeNull();
    expect(onMisfit).not.toHaveBeenCalled();
  });
  it.each([
    [{ model: spec.model, dimension: 3 }, /3 numbers of mobilefacenet.*received one for 2/],
    [{ model: { id: 'dlib', version: '1' }, dimension: 2 }, /dlib version 1.*mobilefacenet version 1/],
    [{ model: { id: 'mobilefacenet', version: '2' }, dimension: 2 }, /version 2.*not used/],
  ])('leaves it out for another, and says so', (other, message) => {
    const onMisfit = vi.fn();
    expect(fitting(head, other, onMisfit)).toBeNull();
    expect(onMisfit).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'HEAD_MISMATCH', message: expect.stringMatching(message) as string }),
    );
  });
});
