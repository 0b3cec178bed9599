import { qualityFloor } from '../../core/face-quality.js';
import type { Neighbour, Person } from '../../core/face.js';
import { distanceTo, marginOf, possible, thresholdOf, type Match, type DecisionRules } from './decision.js';
import { judgeFace } from '../heads/classifier.js';

/** The identity of one face in a still picture, decided from that face alone. */
export interface FaceIdentity {
  /** Null for somebody unknown. */
  readonly person: Person | null;
  /** Distance to the nearest photo of that person, or of anybody if there is no person; null with an empty gallery. */
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
 * Identifies a face from one crop. People that a counterexample rules out are not considered, and a crop below the
 * quality floor is not named.
 */
export function identifyFace({ nearest, quality, vector }: Match, rules: DecisionRules): FaceIdentity {
  const candidates = possible(nearest);
  const verdict = quality < qualityFloor ? null : judgeFace(vector, candidates, rules);
  const person = verdict === 'unclear' ? null : verdict;
  return {
    person,
    distance: distanceTo(person, candidates) ?? nearest[0]?.distance ?? null,
    margin: marginOf(candidates),
    threshold: thresholdOf(
      candidates.find((each) => each.person.id === person?.id) ?? candidates[0] ?? {},
      rules,
    ),
    quality,
    why: quality < qualityFloor ? explainPoor(quality) : explain(nearest, candidates, person, rules),
  };
}

function explainPoor(quality: number): string {
  return `The face is too small, turned, blurred, noisy, covered or badly lit to be named: its quality is ${figure(quality)}, and ${qualityFloor} is needed.`;
}

function explain(
  nearest: readonly Neighbour[],
  [first, second]: readonly Neighbour[],
  person: Person | null,
  { threshold, calibratedOn, leastMargin, classifier }: DecisionRules,
): string {
  if (nearest[0] === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  if (first === undefined)
    return `The face is nearer to one that somebody marked as not ${nearest[0].person.name}.`;
  const measured = `The nearest photo is of ${first.person.name}, at distance ${figure(first.distance)}`;
  const calibrated = calibratedOn === null ? '' : `, calibrated on ${calibratedOn} local people`;
  const { lookAlike } = first;
  const limit = thresholdOf(first, { threshold });
  const needed = `a name needs ${figure(limit)} or less${calibrated}`;
  if (first.distance > threshold)
    return `${measured}; a name needs ${figure(threshold)} or less${calibrated}.`;
  if (lookAlike && first.distance > limit)
    return `${measured}, but ${lookAlike.person.name} looks so much like ${first.person.name} that ${needed}.`;
  if (classifier && person?.id !== first.person.id)
    return `${measured}, but the trained classifier ${person ? `says ${person.name}` : 'does not confirm it'}.`;
  if (second === undefined) return `${measured}; ${needed}, and there is nobody else to confuse it with.`;
  const runnerUp = `${second.person.name} is ${figure(second.distance - first.distance)} further away`;
  if (person === null) return `${measured}, but ${runnerUp}; a name needs ${leastMargin} or more.`;
  return `${measured}; ${needed}. ${runnerUp}.`;
}

function figure(value: number): string {
  return value.toFixed(2);
}
