import type { SiameseWeights } from '../core/heads.js';
import { Adam } from './adam.js';
import { pairFeatures, type PairFeatures, type PhotoPair } from './siamese-pairs.js';

const steps = 100;
const rate = 0.01;
/** Pull towards the plain distance. */
const restraint = 0.1;

/**
 * Learns the weights of the Siamese head from pairs, starting as the plain distance and held near it.
 *
 * @param pairs of both kinds
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
