import { qualityFloor } from '../core/face-quality.js';
import type { Neighbour, Person } from '../core/face.js';
import { judge, marginOf, type Match, type VotingRules } from './decision.js';

/** What one face of a still picture says, without a track to vote over. */
export interface FaceIdentity {
  /** Null for somebody unknown. */
  readonly person: Person | null;
  /** To the nearest photo of that person, or of anybody; null with an empty gallery. */
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

/** Names a face by the rules that a crop of a track votes by. Below the quality floor nobody is named. */
export function identifyFace({ nearest, quality }: Match, rules: VotingRules): FaceIdentity {
  const verdict = quality < qualityFloor ? null : judge(nearest, rules);
  const person = verdict === 'unclear' ? null : verdict;
  const subject = nearest.find((neighbour) => neighbour.person.id === person?.id) ?? nearest[0];
  return {
    person,
    distance: subject?.distance ?? null,
    margin: marginOf(nearest),
    threshold: rules.threshold,
    quality,
    why: quality < qualityFloor ? poor(quality) : explain(nearest, person, rules),
  };
}

function poor(quality: number): string {
  return `The face is too small, turned, blurred or badly lit to be named: its quality is ${figure(quality)}, ${qualityFloor} is needed.`;
}

function explain(nearest: readonly Neighbour[], person: Person | null, rules: VotingRules): string {
  const [first, second] = nearest;
  if (first === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  const measured = `The nearest photo is of ${first.person.name}, at distance ${figure(first.distance)}`;
  if (first.distance > rules.threshold)
    return `${measured}; a name needs ${figure(rules.threshold)} or less.`;
  if (person === null && first.rejected)
    return `${measured}, but the face is nearer to one that was said not to be ${first.person.name}.`;
  if (second === undefined)
    return `${measured}; a name needs ${figure(rules.threshold)} or less, and nobody else is enrolled.`;
  const runnerUp = `${second.person.name} is ${figure(second.distance - first.distance)} further away`;
  if (person === null) return `${measured}, but ${runnerUp}; a name needs ${rules.leastMargin} or more.`;
  return `${measured}; a name needs ${figure(rules.threshold)} or less. ${runnerUp}.`;
}

function figure(value: number): string {
  return value.toFixed(2);
}
