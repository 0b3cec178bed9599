import { euclideanDistance } from '../../core/distance.js';
import { samePersonProbability, type EmbedderSpec } from '../embedding/embedder-specs.js';

/** How likely two embeddings show one person, 0 to 1; a trained Siamese head is one. */
export type PairProbability = (first: Float32Array, second: Float32Array) => number;

/** Whether two faces show one person. */
export interface Verification {
  /** By the Euclidean rule: the distance is at or below the threshold. */
  readonly same: boolean;
  /** Euclidean, 0 to 2. */
  readonly distance: number;
  readonly threshold: number;
  /** 0 to 1, if same and different were equally common beforehand. */
  readonly probability: number;
}

/**
 * Compares two embeddings of one model.
 *
 * @param threshold largest distance, 0 to 2, of the same person
 * @param head says how likely they show one person; null to go by the distance, as the embedder declares
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
