import { euclideanDistance } from '../core/distance.js';

/** Indices of three embeddings: two of one person, one of another. */
export interface Triplet {
  readonly anchor: number;
  readonly positive: number;
  readonly negative: number;
}

/**
 * For every two embeddings of one person the semi-hard negative (Schroff et al., CVPR 2015): the nearest of those that
 * are further from the anchor than the positive, unless beyond the margin already. Where everybody else is nearer than
 * the positive, the furthest of them.
 *
 * @param margin of squared distances
 */
export function semiHardTriplets(
  embeddings: readonly Float32Array[],
  people: readonly string[],
  margin: number,
): Triplet[] {
  const triplets: Triplet[] = [];
  embeddings.forEach((embedding, anchor) => {
    const squared = embeddings.map((other) => euclideanDistance(embedding, other) ** 2);
    const others = squared
      .map((distance, index) => ({ distance, index }))
      .filter(({ index }) => people[index] !== people[anchor])
      .sort((a, b) => a.distance - b.distance);
    squared.forEach((distance, positive) => {
      if (positive === anchor || people[positive] !== people[anchor]) return;
      const negative = others.find((other) => other.distance > distance) ?? others.at(-1);
      if (negative && negative.distance < distance + margin)
        triplets.push({ anchor, positive, negative: negative.index });
    });
  });
  return triplets;
}
