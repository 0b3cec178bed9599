import type { ModelRef } from '../../core/face.js';
import type { EmbedderSpec } from '../../recognition/embedding/embedder-specs.js';
import { comparePhotos, type EmbeddedPhoto } from './gallery-pairs.js';
import {
  lookAlikes,
  personThresholds,
  photoFindings,
  type LookAlikes,
  type PersonThreshold,
  type PhotoFindings,
} from './photo-findings.js';
import { areaUnderCurve, DistanceCounts, equalErrorRate, rocCurve } from './roc.js';

const binWidth = 0.05;
const curveStep = 0.01;

/** Error rates at a threshold; null if there are no pairs to measure them on. */
export interface ErrorRates {
  readonly threshold: number;
  /** False-accept rate: the share of impostor pairs within the threshold, 0 to 1. */
  readonly far: number | null;
  /** False-reject rate: the share of genuine pairs outside the threshold, 0 to 1. */
  readonly frr: number | null;
}

/** How well the people of a gallery can be told apart, and which photos make that harder. */
export interface GalleryFigures extends PhotoFindings {
  readonly embedder: ModelRef;
  readonly people: number;
  readonly photos: number;
  /** Sentences for people about what could not be measured, and why. */
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
  /** Equal error rate. Like `auc`, it is null unless there are pairs of both kinds. */
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
  /** The threshold in use: the largest distance at which a face may be named. */
  readonly threshold: number;
  /** Wanted false-accept rate, above 0 and below 1. */
  readonly wantedFar: number;
  /** Called before each photo with the number of photos done. */
  readonly onPhoto: (done: number) => void;
}

/** Compares all photos of a gallery. Figures that need more photos are null, and `notes` says why. */
export function galleryFigures(
  photos: readonly EmbeddedPhoto[],
  { spec, threshold, wantedFar, onPhoto }: GalleryQuestion,
): GalleryFigures {
  const { genuine, impostor, surroundings, closePeople } = comparePhotos(photos, threshold, onPhoto);
  const ratesAt = (at: number): ErrorRates => errorRates(genuine, impostor, at);
  // The threshold of a large gallery may be below most distances within one person. That must not make photos suspect.
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

/** Faces whose photos look mislabelled, or are filed under two people. */
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

/**
 * With at least 30 errors, the true rate lies within 30 % of the measured one with a confidence of 90 % (the "rule of
 * 30", G. Doddington et al., Speech Communication 2000). It holds for independent pairs; pairs that share photos are
 * not.
 */
const errorsForConfidence = 30;

/** A threshold for a wanted false-accept rate, and how reliable it is. */
export interface ThresholdSuggestion {
  readonly wantedFar: number;
  readonly threshold: number;
  /** Whether it was measured on this gallery, or is declared by the embedder. */
  readonly source: 'gallery' | 'embedder';
  /** A sentence for people about where the threshold comes from and how reliable it is. */
  readonly why: string;
}

/** @param wantedFar false-accept rate, above 0 and below 1 */
function suggestThreshold(
  impostor: DistanceCounts,
  spec: EmbedderSpec,
  wantedFar: number,
): ThresholdSuggestion {
  const allowed = Math.floor(impostor.total * wantedFar);
  const threshold = allowed < 1 ? null : impostor.largestWithin(allowed);
  if (threshold === null) return fromEmbedder(impostor.total, spec, wantedFar);
  const accepted = impostor.within(threshold);
  const worth =
    accepted < errorsForConfidence
      ? `a rough guide: it rests on ${accepted} pairs of two people; with ${errorsForConfidence} or more the rate would be reliable`
      : `it rests on ${accepted} pairs of two people, so the rate is right to about a third`;
  return {
    wantedFar,
    threshold,
    source: 'gallery',
    why: `Measured on ${impostor.total} pairs of two people in this gallery; ${worth}.`,
  };
}

/** The embedder's declared threshold for that rate, or for the next lower rate that it declares. */
function fromEmbedder(
  pairs: number,
  { model, thresholds }: EmbedderSpec,
  wantedFar: number,
): ThresholdSuggestion {
  const entry = thresholds.find(({ falseAcceptRate }) => falseAcceptRate <= wantedFar) ?? thresholds.at(-1)!;
  const unresolved =
    pairs === 0
      ? 'This gallery has no pairs of two people to measure on'
      : `The ${pairs} pairs of two people in this gallery cannot show a rate as low as ${rate(wantedFar)}`;
  const rarer = entry.falseAcceptRate > wantedFar ? ', the lowest that is known' : '';
  return {
    wantedFar,
    threshold: entry.distance,
    source: 'embedder',
    why: `${unresolved}: this is what ${model.id} declares for ${rate(entry.falseAcceptRate)}${rarer}.`,
  };
}

function rate(value: number): string {
  return value.toExponential();
}
