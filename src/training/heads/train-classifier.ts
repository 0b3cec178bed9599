import type { ClassifierHead } from '../../core/heads.js';
import { judge, rulesFor } from '../../recognition/decision/decision.js';
import { classScores, judgeWithClassifier } from '../../recognition/heads/classifier.js';
import {
  compareAnswers,
  identificationFigures,
  identificationVerdict,
  nameProbes,
  netNames,
  type Answer,
} from '../comparison/identification.js';
import { identificationFolds, type IdentificationFold } from '../folds.js';
import { headBase, thresholdUsed, type TrainingInput, type TrainingOutcome } from '../outcome.js';
import type { TrainingPhoto } from '../training-set.js';
import {
  classifierTypes,
  trainClassifier,
  type ClassifierType,
  type UncalibratedClassifier,
} from './classifier.js';

interface ClassifiedFold {
  readonly fold: IdentificationFold;
  readonly classifier: UncalibratedClassifier;
  readonly scores: readonly HeldOutScore[];
}

interface HeldOutScore extends RejectScore {
  readonly person: string;
}

interface ClassifierTrial {
  readonly type: ClassifierType;
  readonly answers: readonly Answer[];
  /** The reject level that is best for the held-out photos of all folds. */
  readonly rejectBelow: number;
}

/**
 * Tries each type of classifier by cross-validation and compares the best with the plain distance. The score below
 * which a face is rejected as unknown is chosen on the held-out photos of the other folds.
 */
export function trainClassifierHead(input: TrainingInput): TrainingOutcome {
  const { photos, spec, random, onProgress } = input;
  const folds = identificationFolds(photos, random);
  const total = classifierTypes.length + 1;
  const trials = classifierTypes.map((type, done) => {
    onProgress({ step: type, done, total });
    return tryClassifier(type, folds, input);
  });
  const best = trials.reduce((a, b) =>
    netNames(b.answers, 'trained') > netNames(a.answers, 'trained') ? b : a,
  );
  onProgress({ step: 'all photos', done: total - 1, total });
  return {
    head: headOf(trainClassifier(best.type, photos, spec.confidence.midpoint), best.rejectBelow, input),
    network: null,
    folds: folds.length,
    naming: thresholdUsed(folds, input),
    trials: trials.map(({ type, answers }) => ({
      name: type,
      figures: identificationFigures(answers, 'trained'),
    })),
    plain: identificationFigures(best.answers, 'plain'),
    verdict: identificationVerdict(best.answers, trials.length, random),
  };
}

function tryClassifier(
  type: ClassifierType,
  folds: readonly IdentificationFold[],
  input: TrainingInput,
): ClassifierTrial {
  const classified = folds.map((fold): ClassifiedFold => {
    const classifier = trainClassifier(type, fold.gallery, input.spec.confidence.midpoint);
    return { fold, classifier, scores: scoresOf(fold, classifier) };
  });
  return {
    type,
    answers: classified.flatMap((own) => answersOf(own, classified, input)),
    rejectBelow: bestRejectLevel(classified.flatMap(({ scores }) => scores)),
  };
}

/** The scores that the reject level is chosen from: gallery people's probes that get the right name, and strangers. */
function scoresOf(
  { probes, strangers }: IdentificationFold,
  classifier: UncalibratedClassifier,
): HeldOutScore[] {
  const best = ({ vector }: TrainingPhoto): { score: number; name: string | undefined } => {
    const scores = classScores(classifier.rule, classifier.people.length, vector);
    const score = Math.max(...scores);
    return { score, name: classifier.people[scores.indexOf(score)] };
  };
  return [
    ...probes
      .filter((photo) => best(photo).name === photo.person)
      .map((photo) => ({ score: best(photo).score, known: true, person: photo.person })),
    ...strangers.map((photo) => ({ score: best(photo).score, known: false, person: photo.person })),
  ];
}

function answersOf(own: ClassifiedFold, all: readonly ClassifiedFold[], input: TrainingInput): Answer[] {
  const strangers = new Set(own.fold.strangers.map(({ person }) => person));
  // The other folds have this fold's strangers in their galleries, which would give the answer away.
  const scores = all
    .filter((other) => other !== own)
    .flatMap((other) => other.scores)
    .filter(({ person }) => !strangers.has(person));
  const head = headOf(own.classifier, bestRejectLevel(scores), input);
  const rules = rulesFor(input.spec, input.thresholds, own.fold.gallery.length);
  const vectorOf = ({ vector }: TrainingPhoto): Float32Array => vector;
  return compareAnswers(
    own.fold,
    nameProbes(own.fold, vectorOf, (_, nearest) => judge(nearest, rules)),
    nameProbes(own.fold, vectorOf, (vector, nearest) => judgeWithClassifier(head, vector, nearest, rules)),
  );
}

function headOf(
  { people, rule }: UncalibratedClassifier,
  rejectBelow: number,
  input: TrainingInput,
): ClassifierHead {
  return { kind: 'classifier', ...headBase(input), people, rejectBelow, rule };
}

/** The best score of a held-out photo, and whether it shows one of the classifier's people. */
export interface RejectScore {
  readonly score: number;
  readonly known: boolean;
}

/**
 * The score that separates known people from strangers best, with both weighted equally (Youden 1950). It is the middle
 * between two neighbouring scores.
 */
export function bestRejectLevel(scores: readonly RejectScore[]): number {
  const sorted = scores.toSorted((a, b) => a.score - b.score);
  const known = sorted.filter((score) => score.known).length;
  const gainOf = (score: RejectScore): number => (score.known ? -1 / known : 1 / (sorted.length - known));
  // At the start, nothing is rejected.
  let [gain, bestGain, level] = [0, 0, sorted[0]?.score ?? 0];
  sorted.forEach((score, index) => {
    gain += gainOf(score);
    const next = sorted[index + 1];
    // Equal scores must fall on the same side.
    if (gain <= bestGain || !next || next.score === score.score) return;
    bestGain = gain;
    level = (score.score + next.score) / 2;
  });
  return level;
}
