import { l2Normalise } from '../../core/distance.js';
import type { Look } from './look.js';

/** Looks of a track that have a say. */
export const mostLooks = 7;
/**
 * What a look is worth shrinks by this factor with each later one, so that whoever the newest looks show overturns
 * what the old ones said: after seven it is less than half.
 */
const fading = 0.9;

/** A look and its place among the looks at a track. */
export interface Counted extends Pick<Look, 'vector' | 'quality'> {
  readonly ordinal: number;
}

/** The looks that stay when a new one comes: the worthiest, oldest first. */
export function withLook<L extends Counted>(looks: readonly L[], newest: L): readonly L[] {
  const all = [...looks, newest];
  if (all.length <= mostLooks) return all;
  const least = all.reduce((a, b) => (worth(b, newest.ordinal) < worth(a, newest.ordinal) ? b : a));
  return all.filter((look) => look !== least);
}

/**
 * One embedding for several looks at one face: their mean, each by its worth, scaled to length 1. What blurs a single
 * look, and differs from look to look, averages out.
 */
export function fuse(looks: readonly Counted[]): Float32Array {
  const newest = Math.max(...looks.map(({ ordinal }) => ordinal));
  const sum = new Float32Array(looks[0]?.vector.length ?? 0);
  for (const look of looks) {
    const weight = worth(look, newest);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] as number) + weight * (look.vector[index] as number);
    }
  }
  return l2Normalise(sum);
}

function worth({ quality, ordinal }: Counted, newest: number): number {
  return quality * fading ** (newest - ordinal);
}
