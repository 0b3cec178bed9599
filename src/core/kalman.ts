/**
 * Kalman filter of one coordinate that moves with nearly constant velocity: the state is [position, velocity], the
 * process noise white acceleration, the measurement the position. Time steps may differ.
 *
 * R. E. Kalman, "A new approach to linear filtering and prediction problems" (1960); the noise matrix of a
 * discretised continuous white-noise acceleration model: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, "Estimation with
 * applications to tracking and navigation" (2001), section 6.2. Any unit of length will do; time is in seconds.
 */
export class ConstantVelocityFilter {
  #position: number;
  #velocity = 0;
  /** Covariance [[pp, pv], [pv, vv]]. */
  #pp: number;
  #pv = 0;
  #vv: number;

  /** Starts at a measured position, standing still; both variances are above 0. */
  constructor(position: number, positionVariance: number, velocityVariance: number) {
    this.#position = position;
    this.#pp = positionVariance;
    this.#vv = velocityVariance;
  }

  get position(): number {
    return this.#position;
  }

  get velocity(): number {
    return this.#velocity;
  }

  get positionVariance(): number {
    return this.#pp;
  }

  get velocityVariance(): number {
    return this.#vv;
  }

  /** Moves on by `seconds` ≥ 0. `accelerationDensity` is the noise's spectral density, length² / s³. */
  predict(seconds: number, accelerationDensity: number): void {
    this.#position += this.#velocity * seconds;
    this.#pp += seconds * (2 * this.#pv + seconds * this.#vv);
    this.#pv += seconds * this.#vv;
    this.addNoise(seconds, accelerationDensity);
  }

  /** Makes the filter less sure, as after `seconds` of acceleration noise, without moving it. */
  addNoise(seconds: number, accelerationDensity: number): void {
    this.#pp += (accelerationDensity * seconds ** 3) / 3;
    this.#pv += (accelerationDensity * seconds ** 2) / 2;
    this.#vv += accelerationDensity * seconds;
  }

  /** How surprising a measurement of variance `variance` is: squared innovation over its variance, 1 on average. */
  surprise(measured: number, variance: number): number {
    return (measured - this.#position) ** 2 / (this.#pp + variance);
  }

  /** Updates the state with a measured position of variance `variance` > 0. */
  correct(measured: number, variance: number): void {
    const total = this.#pp + variance;
    const positionGain = this.#pp / total;
    const velocityGain = this.#pv / total;
    const innovation = measured - this.#position;
    this.#position += positionGain * innovation;
    this.#velocity += velocityGain * innovation;
    // Each written so that rounding cannot make a variance negative.
    this.#vv = Math.max(0, this.#vv - velocityGain * this.#pv);
    this.#pv *= variance / total;
    this.#pp *= variance / total;
  }
}
