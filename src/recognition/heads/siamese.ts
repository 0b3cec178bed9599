import { euclideanDistance } from '../../core/distance.js';
import type { LogisticCurve, SiameseHead, SiameseWeights } from '../../core/heads.js';

/** How likely two faces show one person, 0 to 1, if both cases are equally common beforehand. */
export function siameseProbability(head: SiameseHead, u: Float32Array, v: Float32Array): number {
  return logistic(head.confidence, siameseDistance(head, u, v));
}

/**
 * The distance that the head has learned; see `SiameseWeights`.
 * @throws RangeError when the embeddings are of different lengths
 */
export function siameseDistance({ weights }: SiameseWeights, u: Float32Array, v: Float32Array): number {
  let sum = weights.distance * euclideanDistance(u, v);
  weights.differences.forEach((weight, index) => {
    sum += weight * Math.abs((u[index] as number) - (v[index] as number));
  });
  return Math.max(0, sum);
}

/** 0 to 1, falling with distance. */
export function logistic({ midpoint, slope }: LogisticCurve, distance: number): number {
  return 1 / (1 + Math.exp(slope * (distance - midpoint)));
}
