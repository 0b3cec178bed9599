import type { SiameseWeights } from '../core/heads.js';
import { euclideanDistance } from '../core/distance.js';
import { logistic, siameseDistance } from '../recognition/heads/siamese.js';
import { samePersonProbability, type EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { groupPeople } from './folds.js';
import { fitLogistic, type ScoredPair } from './logistic-fit.js';
import { headBase, type TrainingInput, type TrainingOutcome } from './outcome.js';
import { trainSiamese } from './siamese-head.js';
import { photoPairs, type PhotoPair } from './siamese-pairs.js';
import { verificationFigures, verificationVerdict, type PairAnswer } from './siamese-figures.js';

/** Pairs of people who were held out, with the distances that they did not help to learn. */
interface HeldOut {
  readonly pairs: readonly PhotoPair[];
  readonly learned: readonly ScoredPair[];
  readonly plain: readonly ScoredPair[];
}

/**
 * Trains the Siamese head and compares it with the plain distance on pairs of people held out: cross-validated, with
 * the curve from distance to probability fitted on the other folds' held-out pairs, for both sides alike.
 */
export function trainSiameseHead(input: TrainingInput): TrainingOutcome {
  const { photos, spec, random, onProgress } = input;
  const groups = groupPeople(photos, 2, random);
  const total = groups.length + 1;
  const heldOut = groups.map((group, done) => {
    onProgress({ step: 'fold', done, total });
    const rest = groups.filter((other) => other !== group).flat();
    return holdOut(photoPairs(group, random), trainSiamese(photoPairs(rest, random)));
  });
  const answers = betterPlain(heldOut, spec);
  onProgress({ step: 'all photos', done: groups.length, total });
  const { weights } = trainSiamese(photoPairs(photos, random));
  const confidence = fitLogistic(heldOut.flatMap(({ learned }) => learned));
  return {
    head: { kind: 'siamese', ...headBase(input), weights, confidence },
    network: null,
    folds: groups.length,
    naming: null,
    trials: [{ name: 'siamese', figures: verificationFigures(answers, 'trained') }],
    plain: verificationFigures(answers, 'plain'),
    verdict: verificationVerdict(answers, random),
  };
}

function holdOut(pairs: readonly PhotoPair[], head: SiameseWeights): HeldOut {
  return {
    pairs,
    learned: pairs.map(({ a, b, same }) => ({ same, distance: siameseDistance(head, a.vector, b.vector) })),
    plain: pairs.map(({ a, b, same }) => ({ same, distance: euclideanDistance(a.vector, b.vector) })),
  };
}

/**
 * The plain side is the better of the embedder's own curve and one fitted as the head's: what a head gains by the curve
 * alone is not its own.
 */
function betterPlain(heldOut: readonly HeldOut[], spec: EmbedderSpec): PairAnswer[] {
  const fitted = compare(heldOut, (others) => {
    const curve = fitLogistic(others.flatMap(({ plain }) => plain));
    return (distance) => logistic(curve, distance);
  });
  const declared = compare(heldOut, () => (distance) => samePersonProbability(spec, distance));
  const loss = (answers: readonly PairAnswer[]): number => verificationFigures(answers, 'plain').logLoss;
  return loss(fitted) < loss(declared) ? fitted : declared;
}

function compare(
  heldOut: readonly HeldOut[],
  plainCurve: (others: readonly HeldOut[]) => (distance: number) => number,
): PairAnswer[] {
  return heldOut.flatMap((fold) => {
    const others = heldOut.filter((other) => other !== fold);
    const learnedCurve = fitLogistic(others.flatMap(({ learned }) => learned));
    const plain = plainCurve(others);
    return fold.pairs.map(({ a, b, same }, index): PairAnswer => ({
      people: [a.person, b.person],
      same,
      plain: plain((fold.plain[index] as ScoredPair).distance),
      trained: logistic(learnedCurve, (fold.learned[index] as ScoredPair).distance),
    }));
  });
}
