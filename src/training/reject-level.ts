/** The best score of a held-out photo, and whether it shows somebody whom the classifier knows. */
export interface RejectScore {
  readonly score: number;
  readonly known: boolean;
}

/**
 * The score that parts known people from strangers best, both counting equally (Youden 1950): in the middle between the
 * two scores it lies between.
 */
export function bestRejectLevel(scores: readonly RejectScore[]): number {
  const sorted = scores.toSorted((a, b) => a.score - b.score);
  const known = sorted.filter((score) => score.known).length;
  const gainOf = (score: RejectScore): number => (score.known ? -1 / known : 1 / (sorted.length - known));
  let [gain, bestGain, level] = [0, 0, -Infinity];
  sorted.forEach((score, index) => {
    gain += gainOf(score);
    const next = sorted[index + 1];
    if (gain <= bestGain || !next) return;
    bestGain = gain;
    level = (score.score + next.score) / 2;
  });
  return level;
}
