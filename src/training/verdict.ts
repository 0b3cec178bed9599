/** Whether a trained head is switched on, and why in a sentence. */
export interface Verdict {
  readonly switchedOn: boolean;
  readonly reason: string;
  /** How likely chance alone would favour the head as much. */
  readonly pValue: number;
}

/** A head is switched on when chance alone would favour it as much in at most this share of cases. */
export const significance = 0.05;

/** A probability as people read it. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value.toFixed(value < 1 ? 2 : 1)} %`;
}
