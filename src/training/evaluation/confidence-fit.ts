import type { LogisticCurve } from '../../core/heads.js';

/** Keeps the fit finite where genuine and impostor pairs do not overlap at all. */
const ridge = 1e-6;
const steps = 100;

/**
 * Fits 1 / (1 + e^(slope · (distance − midpoint))), the probability that two photos at a distance show one person when both
 * cases are equally common: logistic regression by Newton's method, with genuine and impostor pairs weighing the same in
 * total.
 *
 * @param genuine numbers of pairs by distance, `stepsPerUnit` to a distance of 1
 */
export function fitConfidence(
  genuine: Float64Array,
  impostor: Float64Array,
  stepsPerUnit: number,
): LogisticCurve {
  const rows = weighted(genuine, true, stepsPerUnit).concat(weighted(impostor, false, stepsPerUnit));
  const [near, far] = [meanOf(rows, true), meanOf(rows, false)];
  const middle = (near + far) / 2;
  // Distances are taken from the middle, so that slope and offset hardly depend on each other.
  let [weight, bias] = [-4 / Math.max(far - near, 0.01), 0];
  for (let step = 0; step < steps; step++) {
    const change = newtonStep(rows, middle, weight, bias);
    // A step of limited length cannot overshoot to where the curve is flat and never come back.
    const limit = Math.min(1, Math.max(1, Math.abs(weight)) / Math.max(Math.abs(change.weight), 1e-9));
    weight += change.weight * limit;
    bias += change.bias * limit;
    if (Math.abs(change.weight) < 1e-6) break;
  }
  return { midpoint: round(middle - bias / weight), slope: round(-weight) };
}

interface Row {
  readonly distance: number;
  readonly same: boolean;
  readonly weight: number;
}

function weighted(counts: Float64Array, same: boolean, stepsPerUnit: number): Row[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rows = Array.from(counts, (count, bin) => {
    return { distance: (bin + 0.5) / stepsPerUnit, same, weight: count / total };
  });
  return rows.filter(({ weight }) => weight > 0);
}

function meanOf(rows: readonly Row[], same: boolean): number {
  return rows.reduce((sum, row) => (row.same === same ? sum + row.weight * row.distance : sum), 0);
}

function newtonStep(
  rows: readonly Row[],
  middle: number,
  weight: number,
  bias: number,
): { weight: number; bias: number } {
  let [gradient, offset] = [-ridge * weight, 0];
  let [curvature, cross, flat] = [ridge, 0, ridge];
  for (const row of rows) {
    const x = row.distance - middle;
    const chance = 1 / (1 + Math.exp(-(weight * x + bias)));
    const error = row.weight * ((row.same ? 1 : 0) - chance);
    const spread = row.weight * chance * (1 - chance);
    gradient += error * x;
    offset += error;
    curvature += spread * x * x;
    cross += spread * x;
    flat += spread;
  }
  const determinant = curvature * flat - cross ** 2;
  return {
    weight: (flat * gradient - cross * offset) / determinant,
    bias: (curvature * offset - cross * gradient) / determinant,
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
