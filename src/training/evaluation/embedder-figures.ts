import { cosineFromDistance, distanceFromCosine, euclideanDistance } from '../../core/distance.js';
import { SightlineError } from '../../core/errors.js';
import type { Measurement } from '../../recognition/embedding/added-embedder.js';
import { fitConfidence } from './confidence-fit.js';

/** A photo as the embedder sees it. */
export interface EmbeddedFace {
  readonly person: string;
  /** L2-normalised. */
  readonly vector: Float32Array;
}

/** False-accept rates that an embedder states a distance for, and the quantile of the normal distribution at each. */
const rates = [
  { falseAcceptRate: 1e-2, quantile: 2.3263 },
  { falseAcceptRate: 1e-3, quantile: 3.0902 },
  { falseAcceptRate: 1e-4, quantile: 3.719 },
  { falseAcceptRate: 1e-5, quantile: 4.2649 },
  { falseAcceptRate: 1e-6, quantile: 4.7534 },
] as const;

/** A rate is measured where at least so many pairs lie within its distance: then it is known to about a third. */
const leastPairsWithin = 10;
/** Fewer people are too few kinds of face, however many photos there are of each. */
const leastPeople = 50;
/** Enough for the rate 1e-3, which extrapolation starts from. */
const leastImpostorPairs = 10_000;
const leastGenuinePairs = 50;
/** Distances are counted in steps of a thousandth. */
const stepsPerUnit = 1000;
/**
 * How much steeper than anything measured the tail is taken to go on, on the safe side. Measured on the embedders that
 * Sightline knows, the step from 1e-5 to 1e-6 was 1.1 to 1.5 times as steep as the steepest before it (docs/own-model.md).
 */
const tailSteepness = 1.5;
/** The runner-up must be so much further away that the odds of being the person fall to 1 in 20: 3 / slope. */
const marginLogOdds = 3;

/** Numbers of pairs by distance, in thousandths. */
interface DistanceCounts {
  readonly genuine: Float64Array;
  readonly impostor: Float64Array;
}

/**
 * Measures what the distances of an embedder mean: the distance at each false-accept rate, the fit of the confidence and the
 * margin. Rates that too few pairs bear are extrapolated and marked: the cosine goes on straight over the quantile of the
 * normal distribution, 1.5 times as steep as anywhere between the rates that were measured.
 *
 * @param onPhoto told how many photos have been compared with all others
 * @throws SightlineError EVALUATION_DATA_INSUFFICIENT for less than 50 people, 10,000 pairs of different people or 50 pairs
 * of photos of one person
 */
export function embedderFigures(
  faces: readonly EmbeddedFace[],
  set: string,
  measuredAt: number,
  onPhoto: (done: number) => void = () => undefined,
): Measurement {
  const { people, genuinePairs, impostorPairs } = requireEnoughPeople(faces.map(({ person }) => person));
  const counts = countDistances(faces, onPhoto);
  const shareWithin = (share: number): number => distanceAtRate(counts.impostor, share * impostorPairs);
  const confidence = fitConfidence(counts.genuine, counts.impostor, stepsPerUnit);
  return {
    ...{ set, measuredAt, people, photos: faces.length, impostorPairs, genuinePairs },
    thresholds: distances(counts.impostor, impostorPairs).map((threshold) => ({
      ...threshold,
      trueAcceptRate: within(counts.genuine, threshold.distance) / genuinePairs,
    })),
    impostors: {
      median: shareWithin(0.5),
      nearest: [shareWithin(0.2), shareWithin(0.1), shareWithin(0.05)],
    },
    leastMargin: toThousandth(marginLogOdds / confidence.slope),
    confidence,
  };
}

function countDistances(faces: readonly EmbeddedFace[], onPhoto: (done: number) => void): DistanceCounts {
  const bins = 2 * stepsPerUnit + 1;
  const counts = { genuine: new Float64Array(bins), impostor: new Float64Array(bins) };
  faces.forEach((face, index) => {
    for (let other = 0; other < index; other++) {
      const { person, vector } = faces[other] as EmbeddedFace;
      const bin = Math.floor(euclideanDistance(face.vector, vector) * stepsPerUnit);
      const kind = person === face.person ? counts.genuine : counts.impostor;
      const at = Math.min(bin, bins - 1);
      kind[at] = (kind[at] as number) + 1;
    }
    onPhoto(index + 1);
  });
  return counts;
}

interface SetSize {
  readonly people: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
}

/**
 * Counts people and pairs of photos, before anything is embedded.
 *
 * @param people of each photo
 * @throws SightlineError EVALUATION_DATA_INSUFFICIENT
 */
export function requireEnoughPeople(people: readonly string[]): SetSize {
  const photos = new Map<string, number>();
  for (const person of people) photos.set(person, (photos.get(person) ?? 0) + 1);
  const genuinePairs = [...photos.values()].reduce((pairs, count) => pairs + pairsAmong(count), 0);
  const impostorPairs = pairsAmong(people.length) - genuinePairs;
  const enough =
    photos.size >= leastPeople && genuinePairs >= leastGenuinePairs && impostorPairs >= leastImpostorPairs;
  if (enough) return { people: photos.size, genuinePairs, impostorPairs };
  throw new SightlineError(
    'EVALUATION_DATA_INSUFFICIENT',
    `Expected ${leastPeople} people or more, ${leastImpostorPairs} pairs of photos of different people and ${leastGenuinePairs} of one person, but received ${photos.size} people with ${impostorPairs} and ${genuinePairs} pairs.`,
  );
}

function pairsAmong(photos: number): number {
  return (photos * (photos - 1)) / 2;
}

type Distance = Pick<Measurement['thresholds'][number], 'falseAcceptRate' | 'distance' | 'extrapolated'>;

function distances(impostor: Float64Array, pairs: number): Distance[] {
  const measured = rates
    .filter(({ falseAcceptRate }) => falseAcceptRate * pairs >= leastPairsWithin)
    .map((rate) => ({ ...rate, distance: distanceAtRate(impostor, rate.falseAcceptRate * pairs) }));
  const steepest = Math.max(
    ...measured.slice(1).map((rate, index) => {
      const before = measured[index]!;
      return (
        (cosineFromDistance(rate.distance) - cosineFromDistance(before.distance)) /
        (rate.quantile - before.quantile)
      );
    }),
  );
  const last = measured.at(-1)!;
  return rates.map(({ falseAcceptRate, quantile }, index) => {
    const known = measured[index];
    if (known) return { falseAcceptRate, distance: known.distance, extrapolated: false };
    const beyond = cosineFromDistance(last.distance) + tailSteepness * steepest * (quantile - last.quantile);
    const distance = Math.floor(distanceFromCosine(beyond) * stepsPerUnit) / stepsPerUnit;
    return { falseAcceptRate, distance, extrapolated: true };
  });
}

/** The largest distance, in whole steps, within which at most so many pairs lie. */
function distanceAtRate(impostor: Float64Array, mostPairs: number): number {
  let pairs = 0;
  let bin = 0;
  while (bin < impostor.length && pairs + (impostor[bin] as number) <= mostPairs) {
    pairs += impostor[bin] as number;
    bin++;
  }
  return bin / stepsPerUnit;
}

function within(counts: Float64Array, distance: number): number {
  return sum(counts.subarray(0, Math.round(distance * stepsPerUnit)));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function toThousandth(value: number): number {
  return Math.round(value * 1000) / 1000;
}
