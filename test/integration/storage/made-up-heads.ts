import { createHash } from 'node:crypto';
import type { Head, HeadKind } from '../../../src/core/heads.js';
import { model } from './made-up.js';

/** What `save` takes: a head, and the network of a projection. */
export interface MadeUpHead {
  readonly head: Head;
  readonly network: Uint8Array | null;
}

/** A head that fits itself, though nothing else; those of other times are others. */
export function madeUpHead(kind: HeadKind, trainedAt = 1): MadeUpHead {
  const base = { model, dimension: 2, trainedAt };
  switch (kind) {
    case 'siamese': {
      const weights = { distance: 1, differences: [0.25, trainedAt] };
      return { head: { kind, ...base, weights, confidence: { midpoint: 1, slope: 2 } }, network: null };
    }
    case 'projection': {
      const network = Uint8Array.of(8, 9, trainedAt);
      const hash = createHash('sha256').update(network).digest('hex').slice(0, 8);
      const distances = { factor: 1.5, offset: -0.1 };
      return { head: { kind, ...base, outputDimension: 2, hash, distances }, network };
    }
    case 'classifier': {
      const vectors = [
        [0, 1],
        [1, 0],
      ];
      const rule = { type: 'knn', neighbours: 1, gamma: 1, vectors, labels: [0, 1] } as const;
      return { head: { kind, ...base, people: ['Ana', 'Ben'], rejectBelow: 0.5, rule }, network: null };
    }
  }
}
