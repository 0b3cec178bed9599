import type { ModelRef } from '../../core/face.js';
import type { EmbedderSpec } from '../../recognition/embedding/embedder-specs.js';
import { DistanceCounts } from './distance-counts.js';
import { comparePhotos, type EmbeddedPhoto } from './gallery-pairs.js';
import { lookAlikes, personThresholds, type LookAlikes, type PersonThreshold } from './look-alikes.js';
import { photoFindings, type PhotoFindings } from './photo-findings.js';
import { areaUnderCurve, equalErrorRate, rocCurve } from './roc.js';
import { suggestThreshold, type ThresholdSuggestion } from './suggest-threshold.js';

const binWidth = 0.05;
const curveStep = 0.01;

/** Error rates at a threshold; null where there are no pairs to tell. */
export interface ErrorRates {
  readonly threshold: number;
  /** Share of the pairs of two people that would be taken for one, 0 to 1. */
  readonly far: number | null;
  /** Share of the pairs of one person that would be taken for two, 0 to 1. */
  readonly frr: number | null;
}

/** How well the people of a gallery can be told apart, and which photos stand in the way. */
export interface GalleryFigures extends PhotoFindings {
  readonly embedder: ModelRef;
  readonly people: number;
  readonly photos: number;
  /** What could not be computed and why, and what else to know; for people. */
  readonly notes: readonly string[];
  /** Pairs of photos of one person, and of two people. */
  readonly pairs: { readonly genuine: number; readonly impostor: number };
  /** Pairs by distance, in bins from 0 to 2. */
  readonly histogram: {
    readonly binWidth: number;
    readonly genuine: readonly number[];
    readonly impostor: readonly number[];
  };
  readonly curve: readonly ErrorRates[];
  /** Null without pairs of both kinds, as is `auc`. */
  readonly eer: number | null;
  readonly auc: number | null;
  /** At the threshold in use. */
  readonly current: ErrorRates;
  readonly suggestion: ThresholdSuggestion & ErrorRates;
  readonly lookAlikes: readonly LookAlikes[];
  readonly personThresholds: readonly PersonThreshold[];
}

export interface GalleryQuestion {
  readonly spec: EmbedderSpec;
  /** In use now: the largest distance at which a face may be named. */
  readonly threshold: number;
  /** Wanted false-accept rate, above 0 and below 1. */
  readonly wantedFar: number;
  /** Told before each photo how many are done. */
  readonly onPhoto: (done: number) => void;
}

/** Compares all photos of a gallery; what too few photos cannot tell is null, and `notes` says so. */
export function galleryFigures(
  photos: readonly EmbeddedPhoto[],
  { spec, threshold, wantedFar, onPhoto }: GalleryQuestion,
): GalleryFigures {
  const { genuine, impostor, surroundings, closePeople } = comparePhotos(photos, threshold, onPhoto);
  const ratesAt = (at: number): ErrorRates => errorRates(genuine, impostor, at);
  // In a large gallery a name needs less distance than most photos of one person have: that makes none of them suspect.
  const findings = photoFindings(surroundings, Math.max(threshold, spec.threshold));
  const alike = lookAlikes(closePeople, doubtfulFaces(findings));
  const suggestion = suggestThreshold(impostor, spec, wantedFar);
  const people = new Set(photos.map(({ photo }) => photo.person.id)).size;
  const pairs = { genuine: genuine.total, impostor: impostor.total };
  return {
    embedder: spec.model,
    people,
    photos: photos.length,
    notes: missingFigures(people, pairs),
    pairs,
    ...separation(genuine, impostor),
    current: ratesAt(threshold),
    suggestion: { ...suggestion, ...ratesAt(suggestion.threshold) },
    ...findings,
    lookAlikes: alike,
    personThresholds: personThresholds(alike, photos),
    histogram: { binWidth, genuine: genuine.histogram(binWidth), impostor: impostor.histogram(binWidth) },
    curve: Array.from({ length: 2 / curveStep + 1 }, (_, index) => ratesAt(index / (1 / curveStep))),
  };
}

/** Photos that look mislabelled, and those that two people share. */
function doubtfulFaces({ suspects, duplicates }: PhotoFindings): Set<string> {
  const shared = duplicates.filter(({ photos: [first, second] }) => first.person.id !== second.person.id);
  const photos = [...suspects.map(({ photo }) => photo), ...shared.flatMap((pair) => pair.photos)];
  return new Set(photos.map(({ faceId }) => faceId));
}

function errorRates(genuine: DistanceCounts, impostor: DistanceCounts, threshold: number): ErrorRates {
  const tar = genuine.shareWithin(threshold);
  return { threshold, far: impostor.shareWithin(threshold), frr: tar === null ? null : 1 - tar };
}

function separation(
  genuine: DistanceCounts,
  impostor: DistanceCounts,
): { eer: number | null; auc: number | null } {
  if (genuine.total === 0 || impostor.total === 0) return { eer: null, auc: null };
  const roc = rocCurve(DistanceCounts.steps(genuine, impostor));
  return { eer: equalErrorRate(roc), auc: areaUnderCurve(roc) };
}

function missingFigures(people: number, pairs: { genuine: number; impostor: number }): string[] {
  if (people === 0) return ['The gallery is empty, so nothing can be measured. Enrol people first.'];
  return [
    ...(pairs.impostor > 0
      ? []
      : ['Only one person is enrolled, so false accepts and look-alikes cannot be measured.']),
    ...(pairs.genuine > 0
      ? []
      : ['Nobody has two photos, so false rejects and mislabelled photos cannot be measured.']),
  ];
}
