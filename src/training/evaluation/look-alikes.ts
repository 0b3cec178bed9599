import { euclideanDistance } from '../../core/distance.js';
import type { Person } from '../../core/face.js';
import type { EmbeddedPhoto, PhotoPair } from './gallery-pairs.js';

/** Thresholds are given to the thousandth. */
const stepsPerUnit = 1000;

/** Two people whose photos are near enough for one to be named as the other. */
export interface LookAlikes {
  /** The nearest two. */
  readonly pair: PhotoPair;
  /** Whether one of these photos may be filed under a wrong name: then the people need not be alike at all. */
  readonly doubtful: boolean;
}

/** A stricter threshold that keeps a person apart from those who look like them. */
export interface PersonThreshold {
  readonly person: Person;
  /** Just below the nearest photo of somebody else. */
  readonly threshold: number;
  /** Who that is. */
  readonly nearest: Person;
  /** Share of the pairs of the person's own photos that it accepts; null with a single photo. */
  readonly tar: number | null;
}

/**
 * @param closePeople nearest first
 * @param doubtfulFaces ids of faces that may be filed under a wrong name
 */
export function lookAlikes(
  closePeople: readonly PhotoPair[],
  doubtfulFaces: ReadonlySet<string>,
): LookAlikes[] {
  return closePeople.map((pair) => ({
    pair,
    doubtful: pair.photos.some(({ faceId }) => doubtfulFaces.has(faceId)),
  }));
}

/** A threshold for everybody who looks like somebody else; pairs that rest on doubtful photos do not count. */
export function personThresholds(
  alike: readonly LookAlikes[],
  photos: readonly EmbeddedPhoto[],
): PersonThreshold[] {
  const found = new Map<string, PersonThreshold>();
  for (const { pair, doubtful } of alike) {
    if (doubtful) continue;
    const [first, second] = pair.photos.map(({ person }) => person) as [Person, Person];
    for (const [person, nearest] of [
      [first, second],
      [second, first],
    ] as const) {
      if (found.has(person.id)) continue;
      const threshold = Math.max(0, Math.ceil(pair.distance * stepsPerUnit) - 1) / stepsPerUnit;
      found.set(person.id, { person, threshold, nearest, tar: ownShare(person, photos, threshold) });
    }
  }
  return [...found.values()];
}

/** Share of the pairs of a person's photos within a distance; null without a pair. */
function ownShare({ id }: Person, photos: readonly EmbeddedPhoto[], within: number): number | null {
  const own = photos.filter(({ photo }) => photo.person.id === id);
  const distances = own.flatMap(({ vector }, index) =>
    own.slice(index + 1).map((other) => euclideanDistance(vector, other.vector)),
  );
  return distances.length === 0 ? null : distances.filter((d) => d <= within).length / distances.length;
}
