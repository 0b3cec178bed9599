import { euclideanDistance } from '../../core/distance.js';
import type { SiameseWeights } from '../../core/heads.js';
import { shuffled, type Random } from '../random.js';
import type { TrainingPhoto } from '../training-set.js';
import { Adam } from './adam.js';

const steps = 100;
const rate = 0.01;
/** Strength of the pull towards the plain distance. */
const restraint = 0.1;

/**
 * Learns the weights of the Siamese head from pairs, starting as the plain distance and held near it.
 *
 * @param pairs both genuine and impostor pairs
 */
export function trainSiamese(pairs: readonly PhotoPair[]): SiameseWeights {
  const features = pairFeatures(pairs);
  const plain = plainWeights(features);
  const margin = meanImpostorDistance(features);
  const weights = plain.slice();
  const adam = new Adam(weights.length, rate);
  for (let step = 0; step < steps; step++) {
    const { gradient } = contrastiveLoss(weights, features, margin);
    weights.forEach((weight, index) => {
      gradient[index] = (gradient[index] as number) + restraint * (weight - (plain[index] as number));
    });
    adam.step(weights, gradient);
  }
  const learned = [...weights];
  const distance = learned.pop() as number;
  return { weights: { distance, differences: learned } };
}

/**
 * Contrastive loss (Hadsell, Chopra and LeCun, CVPR 2006) of the learned distance D = max(0, weights · row): ½D² for
 * two photos of one person, ½max(0, margin − D)² for different people.
 */
export function contrastiveLoss(
  weights: Float64Array,
  { rows, same, shares }: PairFeatures,
  margin: number,
): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(weights.length);
  let loss = 0;
  rows.forEach((row, pair) => {
    const distance = Math.max(0, weightedSum(weights, row));
    const error = same[pair] === true ? distance : Math.min(0, distance - margin);
    const share = shares[pair] as number;
    loss += 0.5 * share * error * error;
    if (distance === 0 || error === 0) return;
    for (let index = 0; index < row.length; index++)
      gradient[index] = (gradient[index] as number) + share * error * (row[index] as number);
  });
  return { loss, gradient };
}

function weightedSum(weights: Float64Array, row: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < row.length; index++) sum += (weights[index] as number) * (row[index] as number);
  return sum;
}

function plainWeights({ rows }: PairFeatures): Float64Array {
  const weights = new Float64Array(rows[0]?.length ?? 0);
  weights[weights.length - 1] = 1;
  return weights;
}

function meanImpostorDistance({ rows, same }: PairFeatures): number {
  const distances = rows.flatMap((row, pair) => (same[pair] === true ? [] : [row.at(-1) as number]));
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

export interface PhotoPair {
  readonly a: TrainingPhoto;
  readonly b: TrainingPhoto;
  readonly same: boolean;
}

/** The most pairs of each kind; more take longer and hardly improve the head. */
const mostPairs = 2000;

/** All pairs of photos, or `mostPairs` random ones of a kind if there are more. */
export function photoPairs(photos: readonly TrainingPhoto[], random: Random): PhotoPair[] {
  const pairs = photos.flatMap((a, index) =>
    photos.slice(index + 1).map((b): PhotoPair => ({ a, b, same: a.person === b.person })),
  );
  return [true, false].flatMap((kind) => {
    const ofKind = pairs.filter(({ same }) => same === kind);
    return ofKind.length <= mostPairs ? ofKind : shuffled(ofKind, random).slice(0, mostPairs);
  });
}

/** The Siamese head's input: a row of |u − v| for each pair, with ‖u − v‖ as its last element. */
export interface PairFeatures {
  readonly rows: readonly Float32Array[];
  readonly same: readonly boolean[];
  /** The weight of each pair; each kind adds up to one half. */
  readonly shares: readonly number[];
}

export function pairFeatures(pairs: readonly PhotoPair[]): PairFeatures {
  const genuine = pairs.filter(({ same }) => same).length;
  return {
    rows: pairs.map(({ a, b }) => features(a.vector, b.vector)),
    same: pairs.map(({ same }) => same),
    shares: pairs.map(({ same }) => 0.5 / (same ? genuine : pairs.length - genuine)),
  };
}

function features(u: Float32Array, v: Float32Array): Float32Array {
  const row = new Float32Array(u.length + 1);
  for (let index = 0; index < u.length; index++)
    row[index] = Math.abs((u[index] as number) - (v[index] as number));
  row[u.length] = euclideanDistance(u, v);
  return row;
}
