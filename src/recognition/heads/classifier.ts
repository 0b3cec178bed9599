import type { Neighbour, Person } from '../../core/face.js';
import type { ClassifierHead, ClassifierRule, RbfSvm, WeightedKnn } from '../../core/heads.js';
import { judge, possible, type NamingRules } from '../decision/decision.js';

/** Whose face it is by the classifier: a name, or null for nobody's. */
export interface Classification {
  readonly name: string | null;
  /** The best class's; comparable only between answers of one head. */
  readonly score: number;
}

export function classify(head: ClassifierHead, vector: Float32Array): Classification {
  const scores = classScores(head.rule, head.people.length, vector);
  const score = Math.max(...scores);
  const best = head.people[scores.indexOf(score)] as string;
  return { name: score >= head.rejectBelow ? best : null, score };
}

/**
 * Whom one face shows when a classifier has a say: `judge` of decision.ts, with the classifier in place of the margin.
 * A name needs the classifier's person and their distance within the threshold. People that the classifier was not
 * trained on are left to the plain rule.
 *
 * @param nearest people, nearest first, as for `judge`
 */
export function judgeWithClassifier(
  head: ClassifierHead,
  vector: Float32Array,
  nearest: readonly Neighbour[],
  rules: NamingRules,
): Person | null | 'unclear' {
  const within = possible(nearest).filter(({ distance }) => distance <= rules.threshold);
  if (!within.every(({ person }) => head.people.includes(person.name))) return judge(nearest, rules);
  if (within.length === 0) return null;
  const { name } = classify(head, vector);
  if (name === null) return null;
  return within.find(({ person }) => person.name === name)?.person ?? 'unclear';
}

/** Whom a face shows by the rules, with the classifier's say where the user trained one; as `judge` of decision.ts. */
export function judgeFace(
  vector: Float32Array,
  nearest: readonly Neighbour[],
  rules: NamingRules,
): Person | null | 'unclear' {
  const { classifier } = rules;
  return classifier ? judgeWithClassifier(classifier, vector, nearest, rules) : judge(nearest, rules);
}

/** A score for each class; the highest is the answer. */
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

/** Distance-weighted nearest neighbours (Dudani 1976), with a kernel for a weight. */
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
