import { SightlineError } from '../core/errors.js';
import type { HeadKind } from '../core/heads.js';

/** A photo of a person, embedded. */
export interface TrainingPhoto {
  readonly person: string;
  readonly path: string;
  /** L2-normalised. */
  readonly vector: Float32Array;
  /** Equal for two photos with the same pixels. */
  readonly pixelHash: string;
}

/**
 * The number of people with two or more photos that each head needs; with fewer, nothing can be held out. The Siamese
 * head is judged on people who are left out in pairs, and with fewer it cannot be distinguished from chance.
 */
const leastPeople: Readonly<Record<HeadKind, number>> = { siamese: 6, projection: 3, classifier: 3 };

/** The photos of each person by name, in the order of the photos. */
export function photosByPerson(photos: readonly TrainingPhoto[]): Map<string, TrainingPhoto[]> {
  const people = new Map<string, TrainingPhoto[]>();
  for (const photo of photos) people.set(photo.person, [...(people.get(photo.person) ?? []), photo]);
  return people;
}

/**
 * Removes copies of photos, because a copy in the held-out part would give the answer away.
 *
 * @throws SightlineError TRAINING_DATA_CONFLICT if the same photo has two names
 */
export function withoutCopies(photos: readonly TrainingPhoto[]): {
  kept: TrainingPhoto[];
  copies: { photo: TrainingPhoto; of: TrainingPhoto }[];
} {
  const first = new Map<string, TrainingPhoto>();
  const copies: { photo: TrainingPhoto; of: TrainingPhoto }[] = [];
  for (const photo of photos) {
    const of = first.get(photo.pixelHash);
    if (of === undefined) first.set(photo.pixelHash, photo);
    else if (of.person === photo.person) copies.push({ photo, of });
    else throw conflict(of, photo);
  }
  return { kept: [...first.values()], copies };
}

function conflict(a: TrainingPhoto, b: TrainingPhoto): SightlineError {
  return new SightlineError(
    'TRAINING_DATA_CONFLICT',
    `Expected each photo to show one person but received the same picture as ${a.person} (${a.path}) ` +
      `and as ${b.person} (${b.path})`,
  );
}

/** @throws SightlineError TRAINING_DATA_INSUFFICIENT */
export function requireEnough(kind: HeadKind, photos: readonly TrainingPhoto[]): void {
  const people = photosByPerson(photos);
  const several = [...people.values()].filter((own) => own.length >= 2).length;
  if (several >= leastPeople[kind]) return;
  throw new SightlineError(
    'TRAINING_DATA_INSUFFICIENT',
    `Expected at least ${leastPeople[kind]} people with 2 or more usable photos each for a ${kind} head ` +
      `but received ${several} (of ${people.size} people with ${photos.length} usable photos in all)`,
  );
}
