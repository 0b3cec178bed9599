import { distanceFromCosine } from '../../core/distance.js';

/** The centre of a person's photos, scaled to the unit sphere. In double precision, so that removing leaves no trace. */
export class Centroid {
  readonly #sum: Float64Array;

  constructor(dimension: number) {
    this.#sum = new Float64Array(dimension);
  }

  add(vector: Float32Array): void {
    for (let index = 0; index < vector.length; index++)
      (this.#sum[index] as number) += vector[index] as number;
  }

  remove(vector: Float32Array): void {
    for (let index = 0; index < vector.length; index++)
      (this.#sum[index] as number) -= vector[index] as number;
  }

  /** Of a unit vector; that of a right angle where the photos cancel out and have no direction. */
  distanceTo(vector: Float32Array): number {
    let product = 0;
    let squares = 0;
    for (let index = 0; index < vector.length; index++) {
      const value = this.#sum[index] as number;
      product += value * (vector[index] as number);
      squares += value * value;
    }
    return distanceFromCosine(squares > 0 ? product / Math.sqrt(squares) : 0);
  }
}
