import type { Neighbour, Person } from '../../core/face.js';
import type { ClassifierHead } from '../../core/heads.js';
import { shiftFor, type Calibration } from '../calibration/calibration.js';
import { samePersonProbability, type EmbedderSpec } from '../embedding/embedder-specs.js';

/** One embedding of a face and its nearest people in the gallery. */
export interface Match {
  /** The nearest people, nearest first; at least two when the gallery has that many. */
  readonly nearest: readonly Neighbour[];
  /** Quality of the crop, 0 to 1. */
  readonly quality: number;
  readonly vector: Float32Array;
}

/** The threshold settings that hold for all cameras. */
export interface ThresholdSettings {
  /** Largest distance, 0 to 2, at which a face may be named; null to derive it from `falseNameRate`. */
  readonly threshold: number | null;
  /** The wanted FPIR: the share of strangers who are given a name, above 0 and below 1. */
  readonly falseNameRate: number;
  /** What is known of local people; without it, or for another model, the embedder's declared distances hold. */
  readonly calibration?: Calibration | null;
}

/** The threshold settings of one camera; null means that the setting for all cameras holds. */
export interface CameraThresholds {
  readonly threshold: number | null;
  readonly falseNameRate: number | null;
}

/**
 * The settings that hold for one camera. A false-name rate of its own also replaces a threshold set for all cameras:
 * otherwise it would have no effect.
 */
export function thresholdsFor(own: CameraThresholds, all: ThresholdSettings): ThresholdSettings {
  if (own.threshold !== null)
    return { ...all, threshold: own.threshold, falseNameRate: own.falseNameRate ?? all.falseNameRate };
  if (own.falseNameRate !== null) return { ...all, threshold: null, falseNameRate: own.falseNameRate };
  return all;
}

/** The rules by which a face is given a name: near enough to one person, and clearly nearer than to anybody else. */
export interface DecisionRules {
  /** A face may be named at or below this distance to the person's nearest photo. */
  readonly threshold: number;
  /** The rate that `threshold` was derived from; null when the user chose the threshold. */
  readonly falseNameRate: number | null;
  /** The number of local people that `threshold` was calibrated on; null when it was not. */
  readonly calibratedOn: number | null;
  /** A face is only named when the second-nearest person is at least this much further away than the nearest. */
  readonly leastMargin: number;
  /** A single crop supports its nearest person up to this distance, where the FAR is about 100 times higher. */
  readonly leaningDistance: number;
  /** Observations of one track show one face up to the first distance, and two faces beyond the second. */
  readonly sameFaceDistance: number;
  readonly otherFaceDistance: number;
  /** The user's trained classifier, which replaces the margin; null for none. */
  readonly classifier: ClassifierHead | null;
  /** The probability, 0 to 1, that two photos at a distance show the same person. */
  readonly samePerson: (distance: number) => number;
}

/**
 * False-accept rates at the distances that bound the doubt about whether a track shows one face. Observations of one track
 * lie far below both: on the demo clips at most .62 apart, seconds apart, where the default embedder's bounds are .967 and 1.102.
 */
const sameFaceRate = 1e-5;
const otherFaceRate = 1e-3;

/**
 * A track is decided again after each observation, and fused observations lie a little nearer to everybody. Measured: up
 * to 1.8 times as many strangers get a name at some point as with a single comparison per photo.
 */
const comparisonsPerPhoto = 2;

/**
 * Derives the rules for an embedder and the size of the gallery. A stranger is compared with every photo, so the FAR of
 * each comparison is the wanted FPIR divided by the number of comparisons. The distance at that rate is the one that the
 * embedder declares, moved by what local people have shown. A threshold that the user chose is used as it is.
 *
 * @param photos number of photos in the gallery
 */
export function rulesFor(
  embedder: EmbedderSpec,
  settings: ThresholdSettings,
  photos: number,
  classifier: ClassifierHead | null = null,
): DecisionRules {
  const comparisons = comparisonsPerPhoto * Math.max(1, photos);
  const calibration = settings.threshold === null ? (settings.calibration ?? null) : null;
  const shift = shiftFor(embedder.model, calibration);
  const declared = distanceAt(embedder.thresholds, settings.falseNameRate / comparisons);
  const derived = Math.max(0, declared + (shift ?? 0));
  const threshold = settings.threshold ?? derived;
  return {
    threshold,
    falseNameRate: settings.threshold === null ? settings.falseNameRate : null,
    calibratedOn: shift === null ? null : (calibration?.people ?? null),
    leastMargin: embedder.leastMargin,
    sameFaceDistance: distanceAt(embedder.thresholds, sameFaceRate),
    otherFaceDistance: distanceAt(embedder.thresholds, otherFaceRate),
    classifier,
    leaningDistance:
      threshold + distanceAt(embedder.thresholds, 1e-3) - distanceAt(embedder.thresholds, 1e-5),
    samePerson: (distance) => samePersonProbability(embedder, distance),
  };
}

/**
 * The distance at a false-accept rate, interpolated linearly over the logarithm of the rate and extrapolated beyond the
 * measured points; never below 0.
 *
 * @param measured two points or more, largest rate first
 * @throws RangeError for fewer than two points
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
 * Decides which person a face shows: a person, null for nobody enrolled, `unclear` when the second-nearest person is too close
 * or it may be a look-alike.
 *
 * @param nearest people, nearest first; at least two when the gallery has that many
 */
export function judge(nearest: readonly Neighbour[], rules: DecisionRules): Person | null | 'unclear' {
  const [first] = possible(nearest);
  if (!first || first.distance > rules.threshold) return null;
  if (first.distance > thresholdOf(first, rules)) return 'unclear';
  return (marginOf(nearest) ?? Infinity) < rules.leastMargin ? 'unclear' : first.person;
}

/** The largest distance at which this neighbour may be named: somebody with a look-alike must be nearer than others. */
export function thresholdOf(
  { lookAlike }: Pick<Neighbour, 'lookAlike'>,
  { threshold }: Pick<DecisionRules, 'threshold'>,
): number {
  return Math.min(threshold, lookAlike?.threshold ?? Infinity);
}

/** The person that a single crop supports, which is not enough to name them; null for nobody. */
export function leaning(nearest: readonly Neighbour[], rules: DecisionRules): Person | null {
  const [first] = possible(nearest);
  return first && first.distance <= rules.leaningDistance ? first.person : null;
}

/** How much further away the second-nearest person is than the nearest; null when there is none. */
export function marginOf(nearest: readonly Neighbour[]): number | null {
  const [first, second] = possible(nearest);
  return first && second ? second.distance - first.distance : null;
}

/** Distance to the given person, or to the nearest one if there is none; null when nobody is left. */
export function distanceTo(person: Person | null, nearest: readonly Neighbour[]): number | null {
  const candidates = possible(nearest);
  const named = candidates.find((candidate) => candidate.person.id === person?.id);
  return (named ?? candidates[0])?.distance ?? null;
}

/** The neighbours that no counterexample has ruled out. */
export function possible(nearest: readonly Neighbour[]): readonly Neighbour[] {
  return nearest.filter(({ rejected }) => !rejected);
}
