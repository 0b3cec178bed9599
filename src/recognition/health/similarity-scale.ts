import { cosineFromDistance } from '../../core/distance.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';

/**
 * Where similarities lie in a gallery. A similarity is the mean cosine of a photo to a group of photos; that of two groups
 * is the mean cosine over all pairs.
 */
export interface SimilarityScale {
  /** Below it, two groups of photos are not taken for one person. */
  readonly split: number;
  /** From it on, a photo fits a person as a usual photo of them does. */
  readonly typical: number;
}

/** People after whom what the gallery shows counts as much as what the embedder declares. */
const peopleForHalf = 10;
/** Fewer photos than this say nothing about how alike the photos of one person are. */
const leastGenuine = 10;
/** Standard deviations to the 99th percentile of a normal distribution. */
const deviationsToHundredth = 2.326;
/** A photo of the person is less similar than this many deviations below the median about once in 4,000 times, were the tail normal. */
const deviationsOfOutlier = 3.5;
const deviationsOfUsual = 2;

/** What the embedder declares: two people are nearer than the distance at 1e-2 in one comparison of a hundred. */
export function declaredScale({ thresholds }: Pick<EmbedderSpec, 'thresholds'>): SimilarityScale {
  const at = (rate: number): number =>
    (thresholds.find(({ falseAcceptRate }) => falseAcceptRate <= rate) ?? thresholds.at(-1))?.distance ?? 0;
  return { split: cosineFromDistance(at(1e-2)), typical: cosineFromDistance(at(1e-5)) };
}

/**
 * Moves the declared scale towards what a gallery shows, by robust statistics that a tenth of wrong photos does not move.
 *
 * The split is at the 99th percentile of the similarities between people, declared and seen weighted by how many people there
 * are. A photo must also be an outlier among those of one person: where people resemble each other so much that the two
 * distributions overlap, what is good is rather left alone.
 *
 * @param impostor similarities of photos to other people
 * @param genuine similarities of photos to the other photos of their person
 * @param people number of people that the similarities come from
 */
export function localScale(
  declared: SimilarityScale,
  impostor: readonly number[],
  genuine: readonly number[],
  people: number,
): SimilarityScale {
  const strangers = spreadOf(impostor);
  const own = genuine.length < leastGenuine ? undefined : spreadOf(genuine);
  const weight = strangers ? people / (people + peopleForHalf) : 0;
  const seen = strangers ? strangers.centre + deviationsToHundredth * strangers.deviation : 0;
  const split = (1 - weight) * declared.split + weight * seen;
  if (!own) return { split, typical: Math.max(split, declared.typical) };
  return {
    split: Math.min(split, own.centre - deviationsOfOutlier * own.deviation),
    typical: Math.max(split, own.centre - deviationsOfUsual * own.deviation),
  };
}

/** Median, and the deviation of a normal distribution with the same median absolute deviation. */
function spreadOf(values: readonly number[]): { centre: number; deviation: number } | undefined {
  const centre = median(values);
  if (centre === undefined) return undefined;
  return { centre, deviation: 1.4826 * (median(values.map((value) => Math.abs(value - centre))) ?? 0) };
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
