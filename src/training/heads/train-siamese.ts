import { euclideanDistance } from '../../core/distance.js';
import type { LogisticCurve, SiameseWeights } from '../../core/heads.js';
import { samePersonProbability, type EmbedderSpec } from '../../recognition/embedding/embedder-specs.js';
import { logistic, siameseDistance } from '../../recognition/heads/siamese.js';
import { verificationFigures, verificationVerdict, type PairAnswer } from '../comparison/verification.js';
import { groupPeople } from '../folds.js';
import { headBase, type TrainingInput, type TrainingOutcome } from '../outcome.js';
import { photoPairs, trainSiamese, type PhotoPair } from './siamese.js';

/** Pairs of held-out people, with their learned and plain distances. */
interface HeldOut {
  readonly pairs: readonly PhotoPair[];
  readonly learned: readonly ScoredPair[];
  readonly plain: readonly ScoredPair[];
}

/**
 * Trains the Siamese head and compares it with the plain distance on pairs of held-out people by cross-validation. For
 * both, the curve from distance to probability is fitted on the held-out pairs of the other folds.
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
 * The plain distance gets the better of the embedder's own curve and a fitted one, so that the head is not credited for
 * what fitting a curve gains by itself.
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

/** A pair of faces with its distance by some measure, and whether it shows one person. */
export interface ScoredPair {
  readonly same: boolean;
  readonly distance: number;
}

const steps = 100;
const leastSlope = 1e-3;

/**
 * Fits the logistic curve of distance that explains the pairs best, with both kinds weighted equally and Platt's
 * targets (1999), so that the slope is finite even if the two kinds do not overlap. It is Newton's method; steps that
 * increase the loss are halved.
 */
export function fitLogistic(pairs: readonly ScoredPair[]): LogisticCurve {
  const counts = { same: pairs.filter(({ same }) => same).length, all: pairs.length };
  const rows = pairs.map((pair) => row(pair, counts));
  let curve: Line = { weight: 0, bias: 0 };
  for (let step = 0; step < steps; step++) {
    const [moveWeight, moveBias] = newtonMove(rows, curve);
    const before = loss(rows, curve);
    let part = 1;
    const at = (): Line => ({ weight: curve.weight + part * moveWeight, bias: curve.bias + part * moveBias });
    while (part > 1e-6 && !(loss(rows, at()) <= before)) part /= 2;
    if (part <= 1e-6) break;
    curve = at();
  }
  // If distances say nothing or point the wrong way, every pair is equally likely to be either kind.
  if (curve.weight > -leastSlope) return { slope: leastSlope, midpoint: 0 };
  return { slope: -curve.weight, midpoint: curve.bias / -curve.weight };
}

/** Log-odds of "same person" as weight · distance + bias. */
interface Line {
  readonly weight: number;
  readonly bias: number;
}

interface Row {
  readonly distance: number;
  readonly target: number;
  readonly share: number;
}

function row({ same, distance }: ScoredPair, counts: { same: number; all: number }): Row {
  const kind = same ? counts.same : counts.all - counts.same;
  const doubt = 1 / (kind + 2);
  return { distance, target: same ? 1 - doubt : doubt, share: 0.5 / kind };
}

function newtonMove(rows: readonly Row[], { weight, bias }: Line): [weight: number, bias: number] {
  let [slopeWeight, slopeBias, weightWeight, weightBias, biasBias] = [0, 0, 1e-9, 0, 1e-9];
  for (const { distance, target, share } of rows) {
    const chance = 1 / (1 + Math.exp(-(weight * distance + bias)));
    const error = share * (target - chance);
    const spread = share * chance * (1 - chance);
    slopeWeight += error * distance;
    slopeBias += error;
    weightWeight += spread * distance * distance;
    weightBias += spread * distance;
    biasBias += spread;
  }
  const determinant = weightWeight * biasBias - weightBias ** 2;
  return [
    (biasBias * slopeWeight - weightBias * slopeBias) / determinant,
    (weightWeight * slopeBias - weightBias * slopeWeight) / determinant,
  ];
}

function loss(rows: readonly Row[], { weight, bias }: Line): number {
  return rows.reduce((sum, { distance, target, share }) => {
    const odds = weight * distance + bias;
    // −target · ln p − (1 − target) · ln(1 − p), without overflow.
    const softplus = Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds)));
    return sum + share * (softplus - target * odds);
  }, 0);
}
