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
const peopleForHalf = 3;
/** Fewer photos than this say nothing about how alike the photos of one person are. */
const leastGenuine = 10;
/** Photos of one person have a heavier tail towards dissimilar ones than a normal distribution, so their deviation counts so many times. */
const tailFactor = 1.75;
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
 * The split lies between the two distributions, declared and seen weighted by how many people there are. A photo below it must
 * also be an outlier among those of one person: where people resemble each other so much that the two
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
  if (!strangers || !own) return declared;
  const weight = people / (people + peopleForHalf);
  const split = (1 - weight) * declared.split + weight * between(strangers, own);
  return {
    split: Math.min(split, own.centre - deviationsOfOutlier * own.deviation),
    typical: Math.max(split, own.centre - deviationsOfUsual * own.deviation),
  };
}

/** Where both distributions are equally many deviations away. */
function between(strangers: Spread, own: Spread): number {
  const ownDeviation = tailFactor * own.deviation;
  const sum = strangers.deviation + ownDeviation;
  return sum > 0 ? (own.centre * strangers.deviation + strangers.centre * ownDeviation) / sum : own.centre;
}

interface Spread {
  readonly centre: number;
  readonly deviation: number;
}

/** Median, and the deviation of a normal distribution with the same median absolute deviation. */
function spreadOf(values: readonly number[]): Spread | undefined {
  const centre = median(values);
  if (centre === undefined) return undefined;
  return { centre, deviation: 1.4826 * (median(values.map((value) => Math.abs(value - centre))) ?? 0) };
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
