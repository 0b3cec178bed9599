import { judge, rulesFor } from '../recognition/decision/decision.js';
import { classScores, judgeWithClassifier } from '../recognition/heads/classifier.js';
import type { ClassifierHead } from '../core/heads.js';
import {
  classifierTypes,
  trainClassifier,
  type ClassifierType,
  type UncalibratedClassifier,
} from './classifier-head.js';
import { identificationFolds, type IdentificationFold } from './folds.js';
import {
  identificationFigures,
  identificationVerdict,
  netNames,
  type Answer,
} from './identification-figures.js';
import { compareAnswers, nameProbes } from './name-probes.js';
import { namingOf } from './naming-of.js';
import { headBase, type TrainingInput, type TrainingOutcome } from './outcome.js';
import { bestRejectLevel, type RejectScore } from './reject-level.js';
import type { TrainingPhoto } from './training-set.js';

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
  /** As all folds' held-out photos speak for. */
  readonly rejectBelow: number;
}

/**
 * Tries each kind of classifier, cross-validated, and compares the best with the plain distance. Below what score a face
 * is nobody's is judged by the held-out photos of the other folds.
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
    naming: namingOf(folds, input),
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

/** What held-out photos say about where to reject: those of the gallery's people that get their own name, and strangers. */
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
  // The other folds know this one's strangers: what they say of those would give the answer away.
  const scores = all
    .filter((other) => other !== own)
    .flatMap((other) => other.scores)
    .filter(({ person }) => !strangers.has(person));
  const head = headOf(own.classifier, bestRejectLevel(scores), input);
  const rules = rulesFor(input.spec, input.naming, own.fold.gallery.length);
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
