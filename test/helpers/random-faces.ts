import { l2Normalise } from '../../src/core/distance.js';
import type { GalleryEntry } from '../../src/core/people-store.js';

/** Where there are only few of them, random directions are far apart from one another. */
export function randomUnit(dimension: number): Float32Array {
  return l2Normalise(Float32Array.from({ length: dimension }, () => Math.random() - 0.5));
}

/** Faces of people with three photos each. */
export function randomFaces(count: number, dimension: number): GalleryEntry[] {
  return Array.from({ length: count }, (_, face) => {
    const person = `p${Math.floor(face / 3)}`;
    return {
      faceId: `f${face}`,
      person: { id: person, name: person },
      role: 'example',
      vector: randomUnit(dimension),
    };
  });
}
