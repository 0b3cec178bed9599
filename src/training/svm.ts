/** The solution of the dual problem: f(x) = Σ αᵢ · yᵢ · K(xᵢ, x) + bias. */
export interface SvmSolution {
  readonly alphas: Float64Array;
  readonly bias: number;
}

/** Largest violation of the optimality conditions that is let pass, as in LIBSVM. */
const tolerance = 1e-3;

/**
 * Trains a support vector machine by sequential minimal optimisation, always on the two examples that violate the
 * optimality conditions most (Platt 1998; Keerthi et al. 2001).
 *
 * @param kernel K(xᵢ, xⱼ) of all examples, row by row
 * @param labels 1 or −1, both among them
 * @param bounds the most that each α may be
 */
export function trainSvm(
  kernel: readonly Float64Array[],
  labels: readonly number[],
  bounds: readonly number[],
): SvmSolution {
  const alphas = new Float64Array(labels.length);
  // −yᵢ · ∂/∂αᵢ of ½αᵀQα − Σα: how much f falls short of yᵢ, the bias left out.
  const shortfall = Float64Array.from(labels);
  for (let step = 0; ; step++) {
    const [up, down] = mostViolating(alphas, shortfall, labels, bounds);
    const [high, low] = [shortfall[up] as number, shortfall[down] as number];
    if (high - low < tolerance || step > 1000 * labels.length) return { alphas, bias: (high + low) / 2 };
    const [rowUp, rowDown] = [kernel[up] as Float64Array, kernel[down] as Float64Array];
    const curvature = (rowUp[up] as number) + (rowDown[down] as number) - 2 * (rowUp[down] as number);
    const room = Math.min(roomTo(1, up, alphas, labels, bounds), roomTo(-1, down, alphas, labels, bounds));
    const move = Math.min((high - low) / Math.max(curvature, 1e-12), room);
    alphas[up] = (alphas[up] as number) + move * (labels[up] as number);
    alphas[down] = (alphas[down] as number) - move * (labels[down] as number);
    for (let index = 0; index < shortfall.length; index++)
      shortfall[index] =
        (shortfall[index] as number) - move * ((rowUp[index] as number) - (rowDown[index] as number));
  }
}

/** The example that most wants α · y to grow and the one that most wants it to fall, among those that have room. */
function mostViolating(
  alphas: Float64Array,
  shortfall: Float64Array,
  labels: readonly number[],
  bounds: readonly number[],
): [up: number, down: number] {
  let [up, down] = [-1, -1];
  for (let index = 0; index < alphas.length; index++) {
    const value = shortfall[index] as number;
    if ((up < 0 || value > (shortfall[up] as number)) && roomTo(1, index, alphas, labels, bounds) > 0)
      up = index;
    if ((down < 0 || value < (shortfall[down] as number)) && roomTo(-1, index, alphas, labels, bounds) > 0)
      down = index;
  }
  return [up, down];
}

/** How far α · y of an example may move in a direction, 1 or −1. */
function roomTo(
  direction: number,
  index: number,
  alphas: Float64Array,
  labels: readonly number[],
  bounds: readonly number[],
): number {
  const alpha = alphas[index] as number;
  return labels[index] === direction ? (bounds[index] as number) - alpha : alpha;
}
