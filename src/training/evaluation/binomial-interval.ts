/** An interval of probabilities, each 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Halvings of an interval of length 1, after which its ends differ by less than a double can tell. */
const halvings = 60;

/**
 * The exact confidence interval of a share (Clopper and Pearson, Biometrika 26, 1934): the probabilities at which seeing so
 * many successes or fewer, and so many or more, is not rarer than half of what the confidence leaves.
 *
 * @param successes whole number from 0 to `trials`
 * @param confidence above 0 and below 1
 */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const tail = (1 - confidence) / 2;
  const logBinomials = logBinomialCoefficients(trials);
  const atMost = (count: number, probability: number): number => {
    let sum = 0;
    for (let hits = 0; hits <= count; hits++)
      sum += Math.exp(
        (logBinomials[hits] as number) +
          hits * Math.log(probability) +
          (trials - hits) * Math.log1p(-probability),
      );
    return sum;
  };
  return {
    low: successes === 0 ? 0 : crossing((p) => 1 - atMost(successes - 1, p) >= tail),
    high: successes === trials ? 1 : crossing((p) => atMost(successes, p) <= tail),
  };
}

/** The logarithms of the numbers of ways to choose 0, 1, … `trials` of `trials`. */
function logBinomialCoefficients(trials: number): Float64Array {
  const logs = new Float64Array(trials + 1);
  for (let hits = 1; hits <= trials; hits++)
    logs[hits] = (logs[hits - 1] as number) + Math.log((trials - hits + 1) / hits);
  return logs;
}

/** The probability from which on a condition holds. */
function crossing(holds: (probability: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < halvings; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
