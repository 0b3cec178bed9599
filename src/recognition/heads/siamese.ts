import { euclideanDistance } from '../../core/distance.js';
import type { LogisticCurve, SiameseHead, SiameseWeights } from '../../core/heads.js';

/** The probability, 0 to 1, that two faces show the same person when both cases are equally common. */
export function siameseProbability(head: SiameseHead, u: Float32Array, v: Float32Array): number {
  return logistic(head.confidence, siameseDistance(head, u, v));
}

/**
 * The learned distance of two embeddings, 0 or more; see `SiameseWeights` for the formula.
 * @throws RangeError when the embeddings are of different lengths
 */
export function siameseDistance({ weights }: SiameseWeights, u: Float32Array, v: Float32Array): number {
  let sum = weights.distance * euclideanDistance(u, v);
  weights.differences.forEach((weight, index) => {
    sum += weight * Math.abs((u[index] as number) - (v[index] as number));
  });
  return Math.max(0, sum);
}

/** The logistic curve 1 / (1 + e^(slope · (distance − midpoint))): 0 to 1, falling with distance. */
export function logistic({ midpoint, slope }: LogisticCurve, distance: number): number {
  return 1 / (1 + Math.exp(slope * (distance - midpoint)));
}
