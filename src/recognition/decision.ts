import type { Neighbour, Person } from '../core/face.js';
import { samePersonProbability, type Embedder } from './embedders.js';

/** What one crop of a track says, compared with the gallery. */
export interface Match {
  /** The nearest people, nearest first; two or more when the gallery has as many. */
  readonly nearest: readonly Neighbour[];
  /** 0 to 1. */
  readonly quality: number;
}

/** When a face is near enough to a person, and to nobody else, to be named. */
export interface VotingRules {
  /** A crop speaks for its nearest person at or below this distance, and for a stranger beyond it. */
  readonly threshold: number;
  /** A crop speaks for nobody when the runner-up is less than this further away than the nearest person. */
  readonly leastMargin: number;
  /** Chance that two photos at a distance show one person, 0 to 1. */
  readonly samePerson: (distance: number) => number;
}

/**
 * The rules of an embedder.
 *
 * @param threshold largest distance, 0 to 2, that the user chose; null for the embedder's own
 */
export function rulesFor(embedder: Embedder, threshold: number | null): VotingRules {
  return {
    threshold: threshold ?? embedder.threshold,
    leastMargin: embedder.leastMargin,
    samePerson: (distance) => samePersonProbability(embedder, distance),
  };
}

/**
 * Whom one face shows, as far as it alone can tell: a person, null for a stranger, `unclear` when two people are too
 * close to call.
 *
 * @param nearest people, nearest first; two or more when the gallery has as many
 */
export function judge(nearest: readonly Neighbour[], rules: VotingRules): Person | null | 'unclear' {
  const [first] = nearest;
  if (!first || first.distance > rules.threshold) return null;
  return (marginOf(nearest) ?? Infinity) < rules.leastMargin ? 'unclear' : first.person;
}

/** How much further away the second-nearest person is than the nearest; null when there is none. */
export function marginOf([first, second]: readonly Neighbour[]): number | null {
  return first && second ? second.distance - first.distance : null;
}
