import type { Neighbour, Person } from '../../core/face.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { FaceIdentity } from './identify-face.js';

/** The greatest similarity of a face that is not named. Similarities are rounded to five decimals, and this is one step below ½. */
const mostWithoutName = 0.49999;

/** How likely it is that a face shows a person. */
export interface SimilarPerson {
  readonly person: Person;
  /** Probability, 0 to 1: at least ½ exactly when the face is given this person's name. */
  readonly similarity: number;
}

/**
 * The prior that a threshold implies: the share of comparisons that show one person, before they are made, for which a
 * pair at the threshold is as likely to show one person as two. With any other prior, probability and decision would
 * contradict each other.
 *
 * @param threshold largest distance, 0 to 2, at which two faces are taken for one person
 * @returns 0 to 1
 */
export function impliedPrior({ confidence }: Pick<EmbedderSpec, 'confidence'>, threshold: number): number {
  return 1 / (1 + Math.exp(confidence.slope * (confidence.midpoint - threshold)));
}

/**
 * The probability, 0 to 1, that two faces at a distance show one person, by Bayes' rule from the embedder's likelihood
 * ratio and the prior that the threshold implies: ½ at the threshold, and falling with distance.
 */
export function probabilityAt(
  { confidence }: Pick<EmbedderSpec, 'confidence'>,
  threshold: number,
  distance: number,
): number {
  return 1 / (1 + Math.exp(confidence.slope * (distance - threshold)));
}

/**
 * The people a face resembles, most similar first. Whoever is named comes first with ½ or more, and everybody else stays
 * below ½, also when it is the margin, the quality, a look-alike or the trained classifier that speaks against a name.
 * People that a counterexample rules out are left out.
 *
 * @param nearest people, nearest first
 */
export function similarPeople(
  { person: named, threshold }: Pick<FaceIdentity, 'person' | 'threshold'>,
  nearest: readonly Neighbour[],
  spec: Pick<EmbedderSpec, 'confidence'>,
): SimilarPerson[] {
  return nearest
    .filter(({ rejected }) => !rejected)
    .map(({ person, distance }) => {
      const probability = probabilityAt(spec, threshold, distance);
      const isNamed = person.id === named?.id;
      return {
        person,
        similarity: isNamed ? Math.max(0.5, probability) : Math.min(mostWithoutName, probability),
      };
    })
    .sort((a, b) => b.similarity - a.similarity);
}
