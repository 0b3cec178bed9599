import { euclideanDistance } from '../../core/distance.js';
import { samePersonProbability, type EmbedderSpec } from '../embedding/embedder-specs.js';

/** Gives the probability, 0 to 1, that two embeddings show the same person. A trained Siamese head is one such function. */
export type PairProbability = (first: Float32Array, second: Float32Array) => number;

/** The answer to whether two faces show the same person. */
export interface Verification {
  /** Whether the distance is at or below the threshold. */
  readonly same: boolean;
  /** Euclidean, 0 to 2. */
  readonly distance: number;
  readonly threshold: number;
  /** Probability, 0 to 1, that they are the same person when both cases are equally common. */
  readonly probability: number;
}

/**
 * Compares two embeddings of one model.
 *
 * @param threshold largest distance, 0 to 2, at which they count as the same person
 * @param head gives the probability; null to derive it from the distance with the embedder's own curve
 * @throws RangeError when their lengths differ
 */
export function verifyFaces(
  [first, second]: readonly [Float32Array, Float32Array],
  spec: EmbedderSpec,
  threshold: number,
  head: PairProbability | null,
): Verification {
  const distance = euclideanDistance(first, second);
  const probability = head === null ? samePersonProbability(spec, distance) : head(first, second);
  return { same: distance <= threshold, distance, threshold, probability };
}
