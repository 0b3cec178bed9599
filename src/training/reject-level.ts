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
  // To begin with, none of them is rejected.
  let [gain, bestGain, level] = [0, 0, sorted[0]?.score ?? 0];
  sorted.forEach((score, index) => {
    gain += gainOf(score);
    const next = sorted[index + 1];
    // Equal scores fall on one side together.
    if (gain <= bestGain || !next || next.score === score.score) return;
    bestGain = gain;
    level = (score.score + next.score) / 2;
  });
  return level;
}
