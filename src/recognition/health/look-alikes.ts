import { setImmediate as nextTurn } from 'node:timers/promises';
import { euclideanDistance } from '../../core/distance.js';
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
  const photosOf = new Map<string, CheckedPhoto[]>();
  for (const photo of photos) {
    const own = photosOf.get(photo.personId);
    if (own) own.push(photo);
    else photosOf.set(photo.personId, [photo]);
  }
  for (const { personId, vector } of photos) {
    for (const { person, distance: atMost } of await match(vector)) {
      if (person.id === personId || atMost > threshold) continue;
      // The nearest photo of all may be one that does not count.
      const distance = nearest(vector, photosOf.get(person.id) ?? []);
      if (distance > threshold) continue;
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

function nearest(vector: Float32Array, photos: readonly CheckedPhoto[]): number {
  return photos.reduce((least, photo) => Math.min(least, euclideanDistance(photo.vector, vector)), Infinity);
}
