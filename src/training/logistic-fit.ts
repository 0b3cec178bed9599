import type { LogisticCurve } from '../core/heads.js';

/** A pair of faces, how far apart they are by some measure, and the truth. */
export interface ScoredPair {
  readonly same: boolean;
  readonly distance: number;
}

const steps = 100;
const leastSlope = 1e-3;

/**
 * The logistic of distance that explains the pairs best, both kinds counting equally, with Platt's targets (1999), so
 * that pairs without overlap have a finite slope too. Newton's method, halving steps that lead up.
 */
export function fitLogistic(pairs: readonly ScoredPair[]): LogisticCurve {
  const counts = { same: pairs.filter(({ same }) => same).length, all: pairs.length };
  const rows = pairs.map((pair) => row(pair, counts));
  let curve: Line = { weight: 0, bias: 0 };
  for (let step = 0; step < steps; step++) {
    const [moveWeight, moveBias] = newtonMove(rows, curve);
    const before = loss(rows, curve);
    let part = 1;
    const at = (): Line => ({ weight: curve.weight + part * moveWeight, bias: curve.bias + part * moveBias });
    while (part > 1e-6 && !(loss(rows, at()) <= before)) part /= 2;
    if (part <= 1e-6) break;
    curve = at();
  }
  // Distances that tell nothing, or the wrong way round, make every pair as likely as not.
  if (curve.weight > -leastSlope) return { slope: leastSlope, midpoint: 0 };
  return { slope: -curve.weight, midpoint: curve.bias / -curve.weight };
}

/** Log-odds of "same person" as weight · distance + bias. */
interface Line {
  readonly weight: number;
  readonly bias: number;
}

interface Row {
  readonly distance: number;
  readonly target: number;
  readonly share: number;
}

function row({ same, distance }: ScoredPair, counts: { same: number; all: number }): Row {
  const kind = same ? counts.same : counts.all - counts.same;
  const doubt = 1 / (kind + 2);
  return { distance, target: same ? 1 - doubt : doubt, share: 0.5 / kind };
}

function newtonMove(rows: readonly Row[], { weight, bias }: Line): [weight: number, bias: number] {
  let [slopeWeight, slopeBias, weightWeight, weightBias, biasBias] = [0, 0, 1e-9, 0, 1e-9];
  for (const { distance, target, share } of rows) {
    const chance = 1 / (1 + Math.exp(-(weight * distance + bias)));
    const error = share * (target - chance);
    const spread = share * chance * (1 - chance);
    slopeWeight += error * distance;
    slopeBias += error;
    weightWeight += spread * distance * distance;
    weightBias += spread * distance;
    biasBias += spread;
  }
  const determinant = weightWeight * biasBias - weightBias ** 2;
  return [
    (biasBias * slopeWeight - weightBias * slopeBias) / determinant,
    (weightWeight * slopeBias - weightBias * slopeWeight) / determinant,
  ];
}

function loss(rows: readonly Row[], { weight, bias }: Line): number {
  return rows.reduce((sum, { distance, target, share }) => {
    const odds = weight * distance + bias;
    // −target · ln p − (1 − target) · ln(1 − p), without overflow.
    const softplus = Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds)));
    return sum + share * (softplus - target * odds);
  }, 0);
}
