import { euclideanDistance, l2Normalise } from '../../core/distance.js';
import { shuffled, type Random } from '../random.js';
import { photosByPerson, type TrainingPhoto } from '../training-set.js';
import { Adam } from './adam.js';

const steps = 100;
const rate = 2e-3;
/**
 * Strength of the pull towards the identity, where training starts, so that few photos change the projection little.
 */
const restraint = 0.01;
/** FaceNet's margin of 0.2 in squared distances, as a share of the embedder's squared midpoint. */
const marginShare = 0.165;
/** People in a batch, and photos of each. All triplets within a batch are considered. */
const batch = { people: 24, photos: 5 };

/** A square matrix, row by row. It maps an embedding to matrix · embedding, which is then scaled to length 1. */
export interface Projection {
  readonly dimension: number;
  readonly matrix: Float64Array;
}

/**
 * Learns a projection by triplet loss (Schroff, Kalenichenko and Philbin, CVPR 2015).
 *
 * @param midpoint the distance at which the embedder's "same" and "different" are equally likely
 */
export function trainProjection(
  photos: readonly TrainingPhoto[],
  midpoint: number,
  random: Random,
): Projection {
  const margin = marginShare * midpoint ** 2;
  const dimension = (photos[0] as TrainingPhoto).vector.length;
  const projection = { dimension, matrix: identity(dimension) };
  const adam = new Adam(projection.matrix.length, rate);
  for (let step = 0; step < steps; step++) {
    const chosen = drawBatch(photos, random);
    const people = chosen.map(({ person }) => person);
    const vectors = chosen.map(({ vector }) => vector);
    const { gradient } = tripletLoss(projection, vectors, margin, (outputs) =>
      semiHardTriplets(outputs, people, margin),
    );
    restrain(gradient, projection);
    adam.step(projection.matrix, gradient);
  }
  return projection;
}

/** An embedding after the projection, L2-normalised. */
export function project(projection: Projection, vector: Float32Array): Float32Array {
  return l2Normalise(multiply(projection, vector));
}

/**
 * Mean over triplets of max(0, ‖a − p‖² − ‖a − n‖² + margin) of the projected, normalised embeddings, and its gradient
 * by the matrix.
 *
 * @param mine chooses the triplets from the projected embeddings
 */
export function tripletLoss(
  projection: Projection,
  vectors: readonly Float32Array[],
  margin: number,
  mine: (outputs: readonly Float32Array[]) => readonly Triplet[],
): { loss: number; gradient: Float64Array } {
  const raw = vectors.map((vector) => multiply(projection, vector));
  const lengths = raw.map((output) => Math.sqrt(dot(output, output)));
  const outputs = raw.map((output) => l2Normalise(output));
  const { loss, pulls } = pullTriplets(outputs, mine(outputs), margin);
  const gradient = new Float64Array(projection.matrix.length);
  for (const [index, pull] of pulls) {
    const output = outputs[index] as Float32Array;
    // Only the part of the gradient at right angles to the output passes through the normalisation.
    accumulate(pull, -dot(pull, output), output);
    addOuterProduct(gradient, pull, 1 / (lengths[index] as number), vectors[index] as Float32Array);
  }
  return { loss, gradient };
}

/** The loss, and its gradient by each embedding that contributes to it. */
function pullTriplets(
  outputs: readonly Float32Array[],
  triplets: readonly Triplet[],
  margin: number,
): { loss: number; pulls: Map<number, Float64Array> } {
  const pulls = new Map<number, Float64Array>();
  const pull = (index: number, weight: number, towards: Float32Array): void => {
    const sum = pulls.get(index) ?? new Float64Array(towards.length);
    accumulate(sum, weight, towards);
    pulls.set(index, sum);
  };
  let loss = 0;
  for (const { anchor, positive, negative } of triplets) {
    const [a, p, n] = [outputs[anchor], outputs[positive], outputs[negative]] as [Vector, Vector, Vector];
    // On the unit sphere ‖a − p‖² − ‖a − n‖² = 2a·n − 2a·p.
    const value = 2 * dot(a, n) - 2 * dot(a, p) + margin;
    if (value <= 0) continue;
    loss += value / triplets.length;
    const weight = 2 / triplets.length;
    pull(anchor, weight, n);
    pull(anchor, -weight, p);
    pull(positive, -weight, a);
    pull(negative, weight, a);
  }
  return { loss, pulls };
}

type Vector = Float32Array;

function identity(dimension: number): Float64Array {
  const matrix = new Float64Array(dimension * dimension);
  for (let row = 0; row < dimension; row++) matrix[row * dimension + row] = 1;
  return matrix;
}

/** Adds the gradient of ½ · restraint · ‖matrix − identity‖². */
function restrain(gradient: Float64Array, { dimension, matrix }: Projection): void {
  for (let index = 0; index < matrix.length; index++) {
    const start = index % (dimension + 1) === 0 ? 1 : 0;
    gradient[index] = (gradient[index] as number) + restraint * ((matrix[index] as number) - start);
  }
}

function drawBatch(photos: readonly TrainingPhoto[], random: Random): TrainingPhoto[] {
  return shuffled([...photosByPerson(photos).values()], random)
    .slice(0, batch.people)
    .flatMap((own) => shuffled(own, random).slice(0, batch.photos));
}

/*
 * These two take most of the time of training. They work on four rows at once, which is faster because the sums of the
 * rows do not wait for each other. Where the number of rows is no multiple of four, the rows beyond the end are read as
 * undefined, and writing them has no effect, since typed arrays ignore writes beyond their end.
 */

function multiply({ matrix, dimension }: Projection, vector: Float32Array): Float32Array {
  const result = new Float32Array(dimension);
  for (let row = 0; row < dimension; row += 4) {
    const start = row * dimension;
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let column = 0, index = start; column < dimension; column++, index++) {
      const value = vector[column] as number;
      first += (matrix[index] as number) * value;
      second += (matrix[index + dimension] as number) * value;
      third += (matrix[index + 2 * dimension] as number) * value;
      fourth += (matrix[index + 3 * dimension] as number) * value;
    }
    result[row] = first;
    result[row + 1] = second;
    result[row + 2] = third;
    result[row + 3] = fourth;
  }
  return result;
}

/** Adds scale · rows · columnsᵀ to a matrix. */
function addOuterProduct(
  matrix: Float64Array,
  rows: Float64Array,
  scale: number,
  columns: Float32Array,
): void {
  const { length } = columns;
  for (let row = 0; row < rows.length; row += 4) {
    const first = scale * (rows[row] as number);
    const second = scale * (rows[row + 1] as number);
    const third = scale * (rows[row + 2] as number);
    const fourth = scale * (rows[row + 3] as number);
    for (let column = 0, index = row * length; column < length; column++, index++) {
      const value = columns[column] as number;
      matrix[index] = (matrix[index] as number) + first * value;
      matrix[index + length] = (matrix[index + length] as number) + second * value;
      matrix[index + 2 * length] = (matrix[index + 2 * length] as number) + third * value;
      matrix[index + 3 * length] = (matrix[index + 3 * length] as number) + fourth * value;
    }
  }
}

function accumulate(target: Float64Array, weight: number, vector: Float32Array): void {
  for (let index = 0; index < target.length; index++)
    target[index] = (target[index] as number) + weight * (vector[index] as number);
}

function dot(a: ArrayLike<number>, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < b.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** Indices of three embeddings: two of one person, one of another. */
export interface Triplet {
  readonly anchor: number;
  readonly positive: number;
  readonly negative: number;
}

/**
 * Finds the semi-hard negative for every two embeddings of one person (Schroff et al., CVPR 2015): the nearest that is
 * further from the anchor than the positive, unless it is beyond the margin already. If everybody else is nearer than
 * the positive, it is the furthest of them.
 *
 * @param margin in squared distances
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
