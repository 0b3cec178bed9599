import { l2Normalise } from '../../../src/core/distance.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import type { TrainingInput } from '../../../src/training/outcome.js';
import { seededRandom, type Random } from '../../../src/training/random.js';
import type { TrainingPhoto } from '../../../src/training/training-set.js';

const dimension = 192;

/** Training on made-up embeddings, in distances like MobileFaceNet's. */
export function inputOf(photos: readonly TrainingPhoto[], seed = 1): TrainingInput {
  const spec = findEmbedder('mobilefacenet');
  const thresholds = { threshold: spec.threshold, falseNameRate: 1e-3 };
  return { photos, spec, thresholds, random: seededRandom(seed), now: 0, onProgress: () => {} };
}

/** People in random directions; photos of one lie about .45 to each side of theirs. */
export function ordinaryPeople(people: number, photosEach: number, random: Random): TrainingPhoto[] {
  return range(people).flatMap((number) => photosOf(`p${number}`, direction(random), photosEach, random));
}

/** As ordinary people, but every photo is moved along a few directions that say nothing of who it is, as light does. */
export function peopleInChangingLight(people: number, photosEach: number, random: Random): TrainingPhoto[] {
  const lights = range(4).map(() => direction(random));
  return ordinaryPeople(people, photosEach, random).map((photo) => ({
    ...photo,
    vector: l2Normalise(
      lights.reduce((vector, light) => moved(vector, light, 0.45 * gaussian(random)), photo.vector),
    ),
  }));
}

/** Pairs of look-alikes whose photos overlap in distance, but lie on two sides of a plane; and others. */
export function twins(pairs: number, others: number, photosEach: number, random: Random): TrainingPhoto[] {
  const photos = range(pairs).flatMap((number) => {
    const [middle, difference] = [direction(random), direction(random)];
    return [0.2, -0.2].flatMap((side) =>
      photosOf(`twin ${number} ${side}`, moved(middle, difference, side), photosEach, random),
    );
  });
  return [...photos, ...ordinaryPeople(others, photosEach, random)];
}

function photosOf(person: string, centre: Float32Array, count: number, random: Random): TrainingPhoto[] {
  return range(count).map((number) => ({
    person,
    path: `${person}/${number}.jpg`,
    vector: l2Normalise(moved(centre, direction(random), 0.5)),
    pixelHash: `${person} ${number}`,
  }));
}

export function direction(random: Random, length = dimension): Float32Array {
  return l2Normalise(Float32Array.from({ length }, () => gaussian(random)));
}

function moved(vector: Float32Array, along: Float32Array, by: number): Float32Array {
  return vector.map((value, index) => value + by * (along[index] as number));
}

/** Box and Muller. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
