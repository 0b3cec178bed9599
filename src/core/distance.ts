/**
 * Scales a vector to length 1, in place, and returns it.
 * @throws RangeError when the length is 0 or not finite: such a vector has no direction.
 */
export function l2Normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (!(length > 0) || !Number.isFinite(length)) {
    throw new RangeError(`Expected a vector with a finite length above 0 but received length ${length}`);
  }
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] as number) / length;
  return vector;
}

/** Euclidean distance, 0 to 2, of two unit vectors whose cosine is given; rounding past ±1 is cut off. */
export function distanceFromCosine(cosine: number): number {
  return Math.sqrt(2 - 2 * Math.min(1, Math.max(-1, cosine)));
}

/** Cosine of two unit vectors at the given Euclidean distance, 0 to 2. */
export function cosineFromDistance(distance: number): number {
  return 1 - (distance * distance) / 2;
}

/**
 * Euclidean distance of two vectors of the same length; 0 to 2 for unit vectors.
 * @throws RangeError when the lengths differ.
 */
export function euclideanDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new RangeError(`Expected vectors of one length but received ${a.length} and ${b.length}`);
  }
  let squares = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    squares += difference * difference;
  }
  return Math.sqrt(squares);
}
