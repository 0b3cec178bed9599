import type { Random } from '../random.js';

/** Whether a trained head is switched on, with the reason as a sentence. */
export interface Verdict {
  readonly switchedOn: boolean;
  readonly reason: string;
  /** The probability that chance alone would favour the head as much. */
  readonly pValue: number;
}

/** A head is switched on if the probability that chance alone would favour it as much is at most this. */
export const significance = 0.05;

/** A probability from 0 to 1 as a percentage for people. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value.toFixed(value < 1 ? 2 : 1)} %`;
}

const trials = 9999;

/**
 * One-sided sign-flip test (Fisher 1935): the probability of a sum of paired differences at least this large if each
 * could equally well have had the other sign. 1 if there are no differences.
 *
 * @param differences one for each independent unit, above 0 where the head did better
 */
export function signFlipTest(differences: readonly number[], random: Random): number {
  const told = differences.filter((difference) => difference !== 0);
  const observed = told.reduce((sum, difference) => sum + difference, 0);
  let asLarge = 0;
  for (let trial = 0; trial < trials; trial++) {
    let sum = 0;
    for (const difference of told) sum += random() < 0.5 ? difference : -difference;
    // Sums in another order differ by rounding.
    if (sum >= observed - 1e-9) asLarge++;
  }
  return (1 + asLarge) / (1 + trials);
}
