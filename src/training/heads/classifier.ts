import { euclideanDistance } from '../../core/distance.js';
import type { ClassifierHead, ClassifierRule } from '../../core/heads.js';
import type { TrainingPhoto } from '../training-set.js';

export const classifierTypes = ['linear-svm', 'rbf-svm', 'knn'] as const;
export type ClassifierType = (typeof classifierTypes)[number];

/** The support vector machine's C. It is weighted so that classes with few photos count as much as large ones. */
const cost = 10;
const neighbours = 5;

/** A classifier without its reject level. */
export type UncalibratedClassifier = Pick<ClassifierHead, 'people' | 'rule'>;

/**
 * Trains a classifier of people from their photos' embeddings.
 *
 * @param midpoint the distance at which the embedder's "same" and "different" are equally likely; RBF kernels fall to
 * 1/e there, and linear ones are scaled by it
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
      // For unit vectors, a · b = 1 − ‖a − b‖² / 2.
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

/** The solution of the SVM's dual problem: f(x) = Σ αᵢ · yᵢ · K(xᵢ, x) + bias. */
export interface SvmSolution {
  readonly alphas: Float64Array;
  readonly bias: number;
}

/** Largest violation of the optimality conditions that is tolerated, the same as in LIBSVM. */
const tolerance = 1e-3;

/**
 * Trains a support vector machine by sequential minimal optimisation, always on the two examples that violate the
 * optimality conditions most (Platt 1998; Keerthi et al. 2001).
 *
 * @param kernel K(xᵢ, xⱼ) of all examples, row by row
 * @param labels 1 or −1; both must occur
 * @param bounds upper bound of each α
 */
export function trainSvm(
  kernel: readonly Float64Array[],
  labels: readonly number[],
  bounds: readonly number[],
): SvmSolution {
  const alphas = new Float64Array(labels.length);
  // −yᵢ · ∂/∂αᵢ of ½αᵀQα − Σα: how much f falls short of yᵢ, the bias left out.
  const shortfall = Float64Array.from(labels);
  for (let step = 0; ; step++) {
    const [up, down] = mostViolating(alphas, shortfall, labels, bounds);
    const [high, low] = [shortfall[up] as number, shortfall[down] as number];
    if (high - low < tolerance || step > 1000 * labels.length) return { alphas, bias: (high + low) / 2 };
    const [rowUp, rowDown] = [kernel[up] as Float64Array, kernel[down] as Float64Array];
    const curvature = (rowUp[up] as number) + (rowDown[down] as number) - 2 * (rowUp[down] as number);
    const room = Math.min(roomTo(1, up, alphas, labels, bounds), roomTo(-1, down, alphas, labels, bounds));
    const move = Math.min((high - low) / Math.max(curvature, 1e-12), room);
    alphas[up] = (alphas[up] as number) + move * (labels[up] as number);
    alphas[down] = (alphas[down] as number) - move * (labels[down] as number);
    for (let index = 0; index < shortfall.length; index++)
      shortfall[index] =
        (shortfall[index] as number) - move * ((rowUp[index] as number) - (rowDown[index] as number));
  }
}

/**
 * The two examples that violate the optimality conditions most: one whose α · y should grow, and one whose α · y should
 * fall.
 */
function mostViolating(
  alphas: Float64Array,
  shortfall: Float64Array,
  labels: readonly number[],
  bounds: readonly number[],
): [up: number, down: number] {
  let [up, down] = [-1, -1];
  for (let index = 0; index < alphas.length; index++) {
    const value = shortfall[index] as number;
    if ((up < 0 || value > (shortfall[up] as number)) && roomTo(1, index, alphas, labels, bounds) > 0)
      up = index;
    if ((down < 0 || value < (shortfall[down] as number)) && roomTo(-1, index, alphas, labels, bounds) > 0)
      down = index;
  }
  return [up, down];
}

/** How far α · y of an example may move in a direction, 1 or −1. */
function roomTo(
  direction: number,
  index: number,
  alphas: Float64Array,
  labels: readonly number[],
  bounds: readonly number[],
): number {
  const alpha = alphas[index] as number;
  return labels[index] === direction ? (bounds[index] as number) - alpha : alpha;
}
