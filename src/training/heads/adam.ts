const decay = [0.9, 0.999] as const;

/** Gradient descent with a step size for each parameter (Kingma and Ba, ICLR 2015). */
export class Adam {
  readonly #rate: number;
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  #steps = 0;

  constructor(parameters: number, rate: number) {
    this.#rate = rate;
    this.#mean = new Float64Array(parameters);
    this.#variance = new Float64Array(parameters);
  }

  /** Moves the parameters, in place, down the gradient. */
  step(parameters: Float64Array, gradient: Float64Array): void {
    this.#steps++;
    const meanScale = 1 / (1 - decay[0] ** this.#steps);
    const varianceScale = 1 / (1 - decay[1] ** this.#steps);
    for (let index = 0; index < parameters.length; index++) {
      const slope = gradient[index] as number;
      const mean = decay[0] * (this.#mean[index] as number) + (1 - decay[0]) * slope;
      const variance = decay[1] * (this.#variance[index] as number) + (1 - decay[1]) * slope * slope;
      this.#mean[index] = mean;
      this.#variance[index] = variance;
      const move = (this.#rate * mean * meanScale) / (Math.sqrt(variance * varianceScale) + 1e-8);
      parameters[index] = (parameters[index] as number) - move;
    }
  }
}
