import type { Neighbour, Person } from '../../core/face.js';
import type { ClassifierHead, ClassifierRule, RbfSvm, WeightedKnn } from '../../core/heads.js';
import { judge, possible, thresholdOf, type DecisionRules } from '../decision/decision.js';

/** The classifier's answer for one face: a name, or null when it rejects every class. */
export interface Classification {
  readonly name: string | null;
  /** Score of the best class. Only scores of the same head can be compared. */
  readonly score: number;
}

/** @param vector the face's embedding, of length 1 and of the head's dimension */
export function classify(head: ClassifierHead, vector: Float32Array): Classification {
  const scores = classScores(head.rule, head.people.length, vector);
  const score = Math.max(...scores);
  const best = head.people[scores.indexOf(score)] as string;
  return { name: score >= head.rejectBelow ? best : null, score };
}

/**
 * Like `judge` of decision.ts, but with a classifier in place of the margin: a face gets a name when the classifier
 * chooses that person and their distance is within the threshold. When somebody within the threshold is not among the
 * classifier's classes, the plain rule decides.
 *
 * @param nearest people, nearest first, as for `judge`
 */
export function judgeWithClassifier(
  head: ClassifierHead,
  vector: Float32Array,
  nearest: readonly Neighbour[],
  rules: DecisionRules,
): Person | null | 'unclear' {
  const within = possible(nearest).filter(({ distance }) => distance <= rules.threshold);
  if (!within.every(({ person }) => head.people.includes(person.name))) return judge(nearest, rules);
  if (within.length === 0) return null;
  const { name } = classify(head, vector);
  if (name === null) return null;
  const chosen = within.find(({ person }) => person.name === name);
  return chosen && chosen.distance <= thresholdOf(chosen, rules) ? chosen.person : 'unclear';
}

/** Decides which person a face shows, with the user's classifier if there is one. Returns the same as `judge` of decision.ts. */
export function judgeFace(
  vector: Float32Array,
  nearest: readonly Neighbour[],
  rules: DecisionRules,
): Person | null | 'unclear' {
  const { classifier } = rules;
  return classifier ? judgeWithClassifier(classifier, vector, nearest, rules) : judge(nearest, rules);
}

/** One score per class, in the order of the classes. The class with the highest score is the answer. */
export function classScores(rule: ClassifierRule, classes: number, vector: Float32Array): number[] {
  switch (rule.type) {
    case 'linear-svm':
      return rule.classes.map(({ weights, bias }) => dot(weights, vector) + bias);
    case 'rbf-svm':
      return rbfScores(rule, vector);
    case 'knn':
      return knnScores(rule, classes, vector);
  }
}

function rbfScores({ vectors, gamma, classes }: RbfSvm, vector: Float32Array): number[] {
  const kernel = vectors.map((other) => Math.exp(-gamma * squaredDistance(other, vector)));
  return classes.map(({ coefficients, bias }) => dot(coefficients, kernel) + bias);
}

/** Distance-weighted nearest neighbours (Dudani 1976), weighted by a Gaussian kernel. */
function knnScores(
  { vectors, labels, gamma, neighbours }: WeightedKnn,
  classes: number,
  vector: Float32Array,
): number[] {
  const scores = Array<number>(classes).fill(0);
  const nearest = vectors
    .map((other, index) => ({ label: labels[index] as number, squared: squaredDistance(other, vector) }))
    .sort((a, b) => a.squared - b.squared)
    .slice(0, neighbours);
  for (const { label, squared } of nearest)
    scores[label] = (scores[label] as number) + Math.exp(-gamma * squared) / neighbours;
  return scores;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += ((a[index] as number) - (b[index] as number)) ** 2;
  return sum;
}
