import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import { findEmbedder, type EmbedderSpec } from '../../../../src/recognition/embedding/embedder-specs.js';
import { randomFrom } from '../../../integration/recognition/lfw-tracks.js';

const dimension = 48;

/**
 * Random directions, as embeddings of people: normal noise about a common direction, the more alike the greater `alike`
 * is (much like a von Mises–Fisher distribution).
 */
export class MadeUpPeople {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  person(alike: number): Float32Array {
    const vector = Float32Array.from({ length: dimension }, () => this.#normal());
    vector[0] = (vector[0] as number) + alike * Math.sqrt(dimension);
    return l2Normalise(vector);
  }

  people(count: number, alike: number): Float32Array[] {
    return Array.from({ length: count }, () => this.person(alike));
  }

  /** The same face a little different. */
  photo(of: Float32Array, noise = 0.05): Float32Array {
    return l2Normalise(of.map((value) => value + noise * this.#normal()));
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

/** An embedder whose figures are measured on people who have nothing in common. */
export function madeUpEmbedder(): EmbedderSpec {
  const people = new MadeUpPeople(1).people(2000, 0);
  const distances = people.flatMap((a, index) =>
    people.slice(index + 1, index + 200).map((b) => euclideanDistance(a, b)),
  );
  const sorted = Float64Array.from(distances).sort();
  const at = (rate: number): number => sorted[Math.floor(rate * sorted.length)] as number;
  const rates = [1e-2, 1e-3, 1e-4, 1e-5];
  return {
    ...findEmbedder('mobilefacenet'),
    model: { id: 'made-up', version: '1' },
    dimension,
    thresholds: rates.map((falseAcceptRate) => ({ falseAcceptRate, distance: at(falseAcceptRate) })),
    threshold: at(1e-4),
    impostors: { median: at(0.5), nearest: [at(0.2), at(0.1), at(0.05)] },
  };
}

/** Distances of one person to each of a gallery with one photo each. */
export function distancesTo(person: Float32Array, gallery: readonly Float32Array[]): number[][] {
  return gallery.map((photo) => [euclideanDistance(person, photo)]);
}
