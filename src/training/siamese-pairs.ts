import { euclideanDistance } from '../core/distance.js';
import { shuffled, type Random } from './random.js';
import type { TrainingPhoto } from './training-set.js';

export interface PhotoPair {
  readonly a: TrainingPhoto;
  readonly b: TrainingPhoto;
  readonly same: boolean;
}

/** Of each kind: more add time, and little else. */
const mostPairs = 2000;

/** Every two photos; of the same person and of different people at most `mostPairs` each, drawn at random. */
export function photoPairs(photos: readonly TrainingPhoto[], random: Random): PhotoPair[] {
  const pairs = photos.flatMap((a, index) =>
    photos.slice(index + 1).map((b): PhotoPair => ({ a, b, same: a.person === b.person })),
  );
  return [true, false].flatMap((kind) => {
    const of = pairs.filter(({ same }) => same === kind);
    return of.length <= mostPairs ? of : shuffled(of, random).slice(0, mostPairs);
  });
}

/** Pairs as the Siamese head sees them: a row of |u − v| and, last, ‖u − v‖ for each pair. */
export interface PairFeatures {
  readonly rows: readonly Float32Array[];
  readonly same: readonly boolean[];
  /** What a pair counts: both kinds one half in all. */
  readonly shares: readonly number[];
}

export function pairFeatures(pairs: readonly PhotoPair[]): PairFeatures {
  const genuine = pairs.filter(({ same }) => same).length;
  return {
    rows: pairs.map(({ a, b }) => features(a.vector, b.vector)),
    same: pairs.map(({ same }) => same),
    shares: pairs.map(({ same }) => 0.5 / (same ? genuine : pairs.length - genuine)),
  };
}

function features(u: Float32Array, v: Float32Array): Float32Array {
  const row = new Float32Array(u.length + 1);
  for (let index = 0; index < u.length; index++)
    row[index] = Math.abs((u[index] as number) - (v[index] as number));
  row[u.length] = euclideanDistance(u, v);
  return row;
}
