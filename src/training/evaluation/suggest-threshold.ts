import type { EmbedderSpec } from '../../recognition/embedding/embedder-specs.js';
import type { DistanceCounts } from './distance-counts.js';

/**
 * With 30 errors seen, the true rate lies within 30 % of the measured one with a confidence of 90 % (the "rule of 30",
 * G. Doddington et al., Speech Communication 2000), if pairs were independent, which those that share photos are not.
 */
const errorsForConfidence = 30;

/** A threshold for a wanted false-accept rate, and how far to trust it. */
export interface ThresholdSuggestion {
  readonly wantedFar: number;
  readonly threshold: number;
  /** Measured on this gallery, or as the embedder declares it from photos of strangers. */
  readonly source: 'gallery' | 'embedder';
  /** Where the threshold comes from and what it is worth, for people. */
  readonly why: string;
}

/** @param wantedFar false-accept rate, above 0 and below 1 */
export function suggestThreshold(
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

/** The embedder's own threshold for that rate, or for the next rarer one that it declares. */
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
