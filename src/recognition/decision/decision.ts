import type { Neighbour, Person } from '../../core/face.js';
import type { ClassifierHead } from '../../core/heads.js';
import { samePersonProbability, type EmbedderSpec } from '../embedding/embedder-specs.js';

/** What the gallery says of one embedding of a face. */
export interface Match {
  /** The nearest people, nearest first; two or more when the gallery has as many. */
  readonly nearest: readonly Neighbour[];
  /** Of the crop, 0 to 1. */
  readonly quality: number;
  readonly vector: Float32Array;
}

/** What the user may choose. */
export interface ThresholdChoice {
  /** Largest distance, 0 to 2, at which a face may be named; null to derive it from `falseNameRate`. */
  readonly threshold: number | null;
  /** Wanted share of strangers who get a name, above 0 and below 1. */
  readonly falseNameRate: number;
}

/** What the user may choose for a camera of its own; null for what holds for all cameras. */
export interface CameraThresholds {
  readonly threshold: number | null;
  readonly falseNameRate: number | null;
}

/**
 * The choice that holds for a camera. A false-name rate of its own also takes the place of a threshold that holds for
 * all cameras: it would have no effect otherwise.
 */
export function choiceFor(own: CameraThresholds, all: ThresholdChoice): ThresholdChoice {
  if (own.threshold !== null)
    return { threshold: own.threshold, falseNameRate: own.falseNameRate ?? all.falseNameRate };
  if (own.falseNameRate !== null) return { threshold: null, falseNameRate: own.falseNameRate };
  return all;
}

/** When a face is near enough to a person, and to nobody else, to be named. */
export interface NamingRules {
  /** A face is named at or below this distance to its nearest photo. */
  readonly threshold: number;
  /** The rate that `threshold` was derived from; null when the user chose the threshold. */
  readonly falseNameRate: number | null;
  /** A face is named only when the runner-up is at least this much further away than the nearest person. */
  readonly leastMargin: number;
  /** A crop leans to its nearest person up to this distance, where false accepts are about 100 times as common. */
  readonly leaningDistance: number;
  /** Has a say in place of the margin, when the user trained one. */
  readonly classifier: ClassifierHead | null;
  /** Chance that two photos at a distance show one person, 0 to 1. */
  readonly samePerson: (distance: number) => number;
}

/**
 * A track is judged anew after each look, and fused looks lie a little nearer to everybody: measured, up to 1.8 times as
 * many strangers are named at some moment as one comparison a photo would name.
 */
const chancesOfATrack = 2;

/**
 * The rules of an embedder for a gallery of so many photos. A stranger is compared with each of them, so each
 * comparison may go wrong only as often as the wanted rate divided by their number.
 */
export function rulesFor(
  embedder: EmbedderSpec,
  choice: ThresholdChoice,
  photos: number,
  classifier: ClassifierHead | null = null,
): NamingRules {
  const comparisons = chancesOfATrack * Math.max(1, photos);
  const derived = distanceAt(embedder.thresholds, choice.falseNameRate / comparisons);
  const threshold = choice.threshold ?? derived;
  return {
    threshold,
    falseNameRate: choice.threshold === null ? choice.falseNameRate : null,
    leastMargin: embedder.leastMargin,
    classifier,
    leaningDistance:
      threshold + distanceAt(embedder.thresholds, 1e-3) - distanceAt(embedder.thresholds, 1e-5),
    samePerson: (distance) => samePersonProbability(embedder, distance),
  };
}

/**
 * The distance at a false-accept rate: straight between the measured points over the logarithm of the rate, and on
 * with the slope of the last two beyond them; never below 0.
 *
 * @param measured two or more, largest rate first
 */
export function distanceAt(measured: EmbedderSpec['thresholds'], falseAcceptRate: number): number {
  const next = measured.findIndex((point) => point.falseAcceptRate < falseAcceptRate);
  const last = measured.length - 1;
  const at = next === -1 ? last : Math.max(1, next);
  const [from, to] = [measured[at - 1], measured[at]];
  if (!from || !to) throw new RangeError(`Expected two thresholds or more but received ${measured.length}`);
  const part =
    Math.log(falseAcceptRate / from.falseAcceptRate) / Math.log(to.falseAcceptRate / from.falseAcceptRate);
  return Math.max(0, from.distance + part * (to.distance - from.distance));
}

/**
 * Whom a face shows: a person, null for a stranger, `unclear` when two people are too close to call.
 *
 * @param nearest people, nearest first; two or more when the gallery has as many
 */
export function judge(nearest: readonly Neighbour[], rules: NamingRules): Person | null | 'unclear' {
  const [first] = possible(nearest);
  if (!first || first.distance > rules.threshold) return null;
  return (marginOf(nearest) ?? Infinity) < rules.leastMargin ? 'unclear' : first.person;
}

/** Whom a crop of a track leans to, which is too little to name anybody by itself; null for nobody. */
export function leaning(nearest: readonly Neighbour[], rules: NamingRules): Person | null {
  const [first] = possible(nearest);
  return first && first.distance <= rules.leaningDistance ? first.person : null;
}

/** How much further away the second-nearest person is than the nearest; null when there is none. */
export function marginOf(nearest: readonly Neighbour[]): number | null {
  const [first, second] = possible(nearest);
  return first && second ? second.distance - first.distance : null;
}

/** To the person named, whom a classifier may have preferred to the nearest, or else to the nearest; null for nobody. */
export function distanceTo(person: Person | null, nearest: readonly Neighbour[]): number | null {
  const candidates = possible(nearest);
  const named = candidates.find((candidate) => candidate.person.id === person?.id);
  return (named ?? candidates[0])?.distance ?? null;
}

/** The nearest whom nobody said that the face does not show. */
export function possible(nearest: readonly Neighbour[]): readonly Neighbour[] {
  return nearest.filter(({ rejected }) => !rejected);
}
