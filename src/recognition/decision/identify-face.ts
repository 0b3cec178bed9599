import { qualityFloor } from '../../core/face-quality.js';
import type { Neighbour, Person } from '../../core/face.js';
import { distanceTo, marginOf, possible, type Match, type NamingRules } from './decision.js';
import { judgeFace } from '../heads/classifier.js';

/** What one face of a still picture says, without a track to vote over. */
export interface FaceIdentity {
  /** Null for somebody unknown. */
  readonly person: Person | null;
  /** To the nearest photo of that person, or else of anybody; null with an empty gallery. */
  readonly distance: number | null;
  /** How much further away the second-nearest person is; null when there is none. */
  readonly margin: number | null;
  /** Largest distance at which a face may be named. */
  readonly threshold: number;
  /** 0 to 1. */
  readonly quality: number;
  /** A sentence for people: why the face was, or was not, named. */
  readonly why: string;
}

/**
 * Names a face by the rules for one crop. People whom the face was said not to be are out of the question, and below
 * the quality floor nobody is named.
 */
export function identifyFace({ nearest, quality, vector }: Match, rules: NamingRules): FaceIdentity {
  const candidates = possible(nearest);
  const verdict = quality < qualityFloor ? null : judgeFace(vector, candidates, rules);
  const person = verdict === 'unclear' ? null : verdict;
  return {
    person,
    distance: distanceTo(person, candidates) ?? nearest[0]?.distance ?? null,
    margin: marginOf(candidates),
    threshold: rules.threshold,
    quality,
    why: quality < qualityFloor ? explainPoor(quality) : explain(nearest, candidates, person, rules),
  };
}

function explainPoor(quality: number): string {
  return `The face is too small, turned, blurred or badly lit to be named: its quality is ${figure(quality)}, ${qualityFloor} is needed.`;
}

function explain(
  nearest: readonly Neighbour[],
  [first, second]: readonly Neighbour[],
  person: Person | null,
  { threshold, leastMargin, classifier }: NamingRules,
): string {
  if (nearest[0] === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  if (first === undefined)
    return `The face is nearer to one that was said not to be ${nearest[0].person.name}.`;
  const measured = `The nearest photo is of ${first.person.name}, at distance ${figure(first.distance)}`;
  const needed = `a name needs ${figure(threshold)} or less`;
  if (first.distance > threshold) return `${measured}; ${needed}.`;
  if (classifier && person?.id !== first.person.id)
    return `${measured}, but the trained classifier ${person ? `says ${person.name}` : 'does not bear it out'}.`;
  if (second === undefined) return `${measured}; ${needed}, and nobody else comes into question.`;
  const runnerUp = `${second.person.name} is ${figure(second.distance - first.distance)} further away`;
  if (person === null) return `${measured}, but ${runnerUp}; a name needs ${leastMargin} or more.`;
  return `${measured}; ${needed}. ${runnerUp}.`;
}

function figure(value: number): string {
  return value.toFixed(2);
}
