import { rulesFor } from '../recognition/decision/decision.js';
import type { IdentificationFold } from './folds.js';
import type { TrainingInput } from './outcome.js';

/** Within which distance held-out photos were named. Folds differ a little in size, so there are two of each. */
export interface NamingUsed {
  /** Of the plain distance: the smallest and the largest of the folds. */
  readonly threshold: readonly [number, number];
  /** Photos in the gallery of a fold: the fewest and the most. */
  readonly photos: readonly [number, number];
  /** The wanted rate that the threshold follows from with so many photos; null when the user chose the threshold. */
  readonly falseNameRate: number | null;
}

export function namingOf(folds: readonly IdentificationFold[], { spec, naming }: TrainingInput): NamingUsed {
  const sizes = folds.map(({ gallery }) => gallery.length);
  const photos = [Math.min(...sizes), Math.max(...sizes)] as const;
  const [loosest, strictest] = photos.map((count) => rulesFor(spec, naming, count)) as [
    ReturnType<typeof rulesFor>,
    ReturnType<typeof rulesFor>,
  ];
  return {
    threshold: [strictest.threshold, loosest.threshold],
    photos,
    falseNameRate: loosest.falseNameRate,
  };
}
