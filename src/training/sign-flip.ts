import type { Random } from './random.js';

const trials = 9999;

/**
 * One-sided sign-flip test (Fisher 1935): how likely a sum of paired differences as large as this is when each might as
 * well have had the other sign. 1 when there are no differences.
 *
 * @param differences of units that are independent of each other, above 0 where the head did better
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
