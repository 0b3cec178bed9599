/** Bins per unit of distance. A thousandth is finer than any two pictures of one face agree. */
const binsPerUnit = 1000;
const greatestDistance = 2;

/** A weighted distribution of distances from 0 to 2, in constant memory. */
export class DistanceHistogram {
  readonly #weights = new Float64Array(greatestDistance * binsPerUnit + 1);
  #total = 0;

  add(distance: number, weight: number): void {
    const bin = Math.min(this.#weights.length - 1, Math.max(0, Math.floor(distance * binsPerUnit)));
    this.#weights[bin] = (this.#weights[bin] as number) + weight;
    this.#total += weight;
  }

  /**
   * The distance that a share of the weight lies within, interpolated between the middles of the occupied bins as if each
   * held one observation; the nearest or furthest of them for a share beyond.
   *
   * @param share 0 to 1
   * @throws RangeError when nothing was added
   */
  quantile(share: number): number {
    let before: { readonly share: number; readonly distance: number } | undefined;
    let sum = 0;
    for (const [bin, weight] of this.#weights.entries()) {
      if (weight === 0) continue;
      const at = { share: (sum + weight / 2) / this.#total, distance: (bin + 0.5) / binsPerUnit };
      if (at.share >= share) {
        if (before === undefined) return at.distance;
        const part = (share - before.share) / (at.share - before.share);
        return before.distance + part * (at.distance - before.distance);
      }
      before = at;
      sum += weight;
    }
    if (before === undefined) throw new RangeError('Expected at least one distance but received none');
    return before.distance;
  }
}
