import { euclideanDistance } from '../../core/distance.js';
import type { Person } from '../../core/face.js';
import { DistanceCounts } from './distance-counts.js';

/** A photo of the gallery, as a report names it. */
export interface PhotoRef {
  readonly faceId: string;
  readonly photoName: string;
  readonly person: Person;
  /** 0 to 1, when it was enrolled. */
  readonly quality: number;
}

/** A photo with its embedding; all of one model. */
export interface EmbeddedPhoto {
  readonly photo: PhotoRef;
  readonly vector: Float32Array;
}

/** Two photos and how far they are apart. */
export interface PhotoPair {
  readonly photos: readonly [PhotoRef, PhotoRef];
  readonly distance: number;
}

/** The nearest photos of one photo; null where there is none. */
export interface Surroundings {
  readonly photo: PhotoRef;
  /** Among the other photos of its person. */
  readonly own: Near | null;
  /** Among the photos of everybody else. */
  readonly other: Near | null;
}

export interface Near {
  readonly photo: PhotoRef;
  readonly distance: number;
}

/** What comes of comparing every photo of a gallery with every other. */
export interface Comparison {
  readonly genuine: DistanceCounts;
  readonly impostor: DistanceCounts;
  readonly surroundings: readonly Surroundings[];
  /** For each two people with photos at or below the distance asked for, their nearest two; nearest first. */
  readonly closePeople: readonly PhotoPair[];
}

/**
 * Compares every photo with every other, exactly; 1.2 million pairs take 0.8 s (one core, 192 numbers).
 *
 * @param closeDistance two people no further apart than this are listed
 * @param onPhoto told before each photo how many are done
 */
export function comparePhotos(
  photos: readonly EmbeddedPhoto[],
  closeDistance: number,
  onPhoto: (done: number) => void,
): Comparison {
  const [genuine, impostor] = [new DistanceCounts(), new DistanceCounts()];
  const surroundings = photos.map(({ photo }) => ({
    photo,
    own: null as Near | null,
    other: null as Near | null,
  }));
  const closePeople = new Map<string, PhotoPair>();
  for (const [index, { photo, vector }] of photos.entries()) {
    onPhoto(index);
    for (let other = 0; other < index; other++) {
      const { photo: against, vector: otherVector } = photos[other]!;
      const distance = euclideanDistance(vector, otherVector);
      const side = photo.person.id === against.person.id ? 'own' : 'other';
      (side === 'own' ? genuine : impostor).add(distance);
      moveCloser(surroundings[index]!, side, against, distance);
      moveCloser(surroundings[other]!, side, photo, distance);
      if (side === 'other' && distance <= closeDistance) keepClosest(closePeople, [against, photo], distance);
    }
  }
  const byDistance = [...closePeople.values()].sort((a, b) => a.distance - b.distance);
  return { genuine, impostor, surroundings, closePeople: byDistance };
}

function moveCloser(
  place: { own: Near | null; other: Near | null },
  side: 'own' | 'other',
  photo: PhotoRef,
  distance: number,
): void {
  if (distance < (place[side]?.distance ?? Infinity)) place[side] = { photo, distance };
}

function keepClosest(pairs: Map<string, PhotoPair>, photos: [PhotoRef, PhotoRef], distance: number): void {
  const key = photos
    .map(({ person }) => person.id)
    .sort()
    .join(' ');
  if (distance < (pairs.get(key)?.distance ?? Infinity)) pairs.set(key, { photos, distance });
}
