import { l2Normalise } from '../../../src/core/distance.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { galleryFigures, type GalleryFigures } from '../../../src/training/evaluation/gallery-figures.js';
import type { EmbeddedPhoto } from '../../../src/training/evaluation/gallery-pairs.js';

export const spec = findEmbedder('mobilefacenet');

/** A photo that looks like `face`, a direction of its own for each number, and a little (`lean`) like another one. */
export function photo(
  name: string,
  photoName: string,
  face: number,
  lean = 0,
  towards = face + 1,
): EmbeddedPhoto {
  const vector = new Float32Array(64);
  vector[face] = 1;
  vector[towards]! += lean;
  const person = { id: `p-${name}`, name };
  return {
    photo: { faceId: `${name}/${photoName}`, photoName, person, quality: 0.9 },
    vector: l2Normalise(vector),
  };
}

export function figuresOf(photos: readonly EmbeddedPhoto[], wantedFar = 1e-4): GalleryFigures {
  return galleryFigures(photos, { spec, threshold: spec.threshold, wantedFar, onPhoto: () => {} });
}
