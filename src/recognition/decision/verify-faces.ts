import { euclideanDistance } from '../../core/distance.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import { impliedPrior, probabilityAt } from './similarity.js';

/**
 * Gives the probability, 0 to 1, that two embeddings show the same person when both cases are equally common. A trained
 * Siamese head is one such function.
 */
export type PairProbability = (first: Float32Array, second: Float32Array) => number;

/** The answer to whether two faces show the same person. */
export interface Verification {
  /** Whether `probability` is at least ½: without a head, whether the distance is at or below the threshold. */
  readonly same: boolean;
  /** Euclidean, 0 to 2. */
  readonly distance: number;
  readonly threshold: number;
  /** Probability, 0 to 1, that they are the same person, given `prior`. */
  readonly probability: number;
  /** The share of such comparisons, 0 to 1, that show one person, as the threshold implies it. */
  readonly prior: number;
}

/**
 * Compares two embeddings of one model.
 *
 * @param threshold largest distance, 0 to 2, at which they count as the same person
 * @param head gives the probability, and so decides; null to derive it from the distance with the embedder's own curve
 * @throws RangeError when their lengths differ
 */
export function verifyFaces(
  [first, second]: readonly [Float32Array, Float32Array],
  spec: Pick<EmbedderSpec, 'confidence'>,
  threshold: number,
  head: PairProbability | null,
): Verification {
  const distance = euclideanDistance(first, second);
  const prior = impliedPrior(spec, threshold);
  const probability =
    head === null ? probabilityAt(spec, threshold, distance) : withPrior(head(first, second), prior);
  return { same: probability >= 0.5, distance, threshold, probability, prior };
}

/** Bayes' rule for a probability that was given for equally common cases. */
function withPrior(even: number, prior: number): number {
  const [same, different] = [even * prior, (1 - even) * (1 - prior)];
  return same + different > 0 ? same / (same + different) : even;
}
