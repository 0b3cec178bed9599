import { euclideanDistance } from '../core/distance.js';
import type { ClassifierHead, ClassifierRule } from '../core/heads.js';
import { trainSvm } from './svm.js';
import type { TrainingPhoto } from './training-set.js';

export const classifierTypes = ['linear-svm', 'rbf-svm', 'knn'] as const;
export type ClassifierType = (typeof classifierTypes)[number];

/** What an error costs a support vector machine; classes of few photos cost more each. */
const cost = 10;
const neighbours = 5;

/** A classifier without its reject level. */
export type UncalibratedClassifier = Pick<ClassifierHead, 'people' | 'rule'>;

/**
 * @param midpoint the embedder's distance between "same" and "different": kernels fall to 1/e there, and costs are of
 * that scale
 */
export function trainClassifier(
  type: ClassifierType,
  photos: readonly TrainingPhoto[],
  midpoint: number,
): UncalibratedClassifier {
  const people = [...new Set(photos.map(({ person }) => person))].sort();
  const labels = photos.map(({ person }) => people.indexOf(person));
  const vectors = photos.map(({ vector }) => vector);
  return { people, rule: ruleOf(type, vectors, labels, people.length, 1 / midpoint ** 2) };
}

function ruleOf(
  type: ClassifierType,
  vectors: readonly Float32Array[],
  labels: readonly number[],
  classes: number,
  gamma: number,
): ClassifierRule {
  const rows = vectors.map((vector) => [...vector]);
  if (type === 'knn') return { type, neighbours, gamma, vectors: rows, labels };
  const kernel = kernelMatrix(type, vectors, gamma);
  const machines = Array.from({ length: classes }, (_, own) => oneAgainstRest(kernel, labels, own));
  if (type === 'rbf-svm') return { type, gamma, vectors: rows, classes: machines };
  return {
    type,
    classes: machines.map(({ coefficients, bias }) => ({
      weights: combine(rows, coefficients).map((weight) => gamma * weight),
      bias,
    })),
  };
}

function kernelMatrix(
  type: 'linear-svm' | 'rbf-svm',
  vectors: readonly Float32Array[],
  gamma: number,
): Float64Array[] {
  return vectors.map((a) =>
    Float64Array.from(vectors, (b) => {
      const squared = euclideanDistance(a, b) ** 2;
      // Of unit vectors: a · b = 1 − ‖a − b‖² / 2.
      return type === 'linear-svm' ? gamma * (1 - squared / 2) : Math.exp(-gamma * squared);
    }),
  );
}

function oneAgainstRest(
  kernel: readonly Float64Array[],
  labels: readonly number[],
  own: number,
): { coefficients: number[]; bias: number } {
  const sides = labels.map((label) => (label === own ? 1 : -1));
  const positives = sides.filter((side) => side === 1).length;
  const bounds = sides.map(
    (side) => (cost * sides.length) / (2 * (side === 1 ? positives : sides.length - positives)),
  );
  const { alphas, bias } = trainSvm(kernel, sides, bounds);
  return { coefficients: sides.map((side, index) => side * (alphas[index] as number)), bias };
}

function combine(rows: readonly (readonly number[])[], coefficients: readonly number[]): number[] {
  return (rows[0] ?? []).map((_, column) =>
    rows.reduce((sum, row, index) => sum + (coefficients[index] as number) * (row[column] as number), 0),
  );
}
