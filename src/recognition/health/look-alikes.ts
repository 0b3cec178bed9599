import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Neighbour } from '../../core/face.js';
import type { FoundLookAlikes } from '../../core/people-store.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { CheckedPhoto } from './photo-groups.js';

/** Thresholds are given to the thousandth. */
const stepsPerUnit = 1000;

export interface LookAlikeSearch {
  readonly spec: Pick<EmbedderSpec, 'thresholds'>;
  /** The threshold in use, 0 to 2. */
  readonly threshold: number;
  /** The people nearest to a photo, nearest first, its own among them. */
  readonly match: (vector: Float32Array) => Promise<readonly Neighbour[]>;
}

/**
 * Finds people with photos so near to each other that a photo of one would name the other. Both get a threshold just below
 * that distance, but never one below the lowest that the embedder declares: nobody would be named by it.
 */
export async function findLookAlikes(
  photos: readonly CheckedPhoto[],
  { spec, threshold, match }: LookAlikeSearch,
): Promise<FoundLookAlikes[]> {
  const lowest = spec.thresholds.at(-1)?.distance ?? 0;
  const found = new Map<string, FoundLookAlikes>();
  if (lowest >= threshold) return [];
  for (const { personId, vector } of photos) {
    for (const { person, distance } of await match(vector)) {
      if (person.id === personId || distance > threshold) continue;
      const personIds = [personId, person.id].sort() as [string, string];
      const key = personIds.join(' ');
      if (distance >= (found.get(key)?.distance ?? Infinity)) continue;
      const below = (Math.ceil(distance * stepsPerUnit) - 1) / stepsPerUnit;
      found.set(key, { personIds, distance, threshold: Math.max(lowest, below) });
    }
    await nextTurn();
  }
  return [...found.values()].sort((a, b) => a.distance - b.distance);
}
