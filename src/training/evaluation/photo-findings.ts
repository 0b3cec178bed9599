import { euclideanDistance } from '../../core/distance.js';
import type { Person } from '../../core/face.js';
import type { EmbeddedPhoto, Near, PhotoPair, PhotoRef, Surroundings } from './gallery-pairs.js';

/**
 * Below this quality, recognition is measurably worse. It applies to one in a hundred LFW photos (docs/recognition.md,
 * Quality).
 */
const poorQuality = 0.5;
/** Share of the threshold. Of 983 genuine pairs of LFW View 1, two (MobileFaceNet) or one (the default) are nearer. */
const duplicateShare = 1 / 3;

const largestDistance = 2;

/** A photo that may not show the person it is filed under. */
export interface Suspect {
  readonly photo: PhotoRef;
  /** `looks-like-other`: nearer to another person, and within the threshold. `unlike-own`: not near to any photo. */
  readonly reason: 'looks-like-other' | 'unlike-own';
  /** The nearest other photo filed under the same person. */
  readonly own: Near;
  readonly other: Near | null;
}

/** Possible problems of single photos of a gallery. */
export interface PhotoFindings {
  /** The least plausible first. */
  readonly suspects: readonly Suspect[];
  /** Pairs so near that they are nearly the same photo. If they have different names, one of them is wrong. */
  readonly duplicates: readonly PhotoPair[];
  /** Worst first. */
  readonly poor: readonly PhotoRef[];
}

/**
 * Finds photos that look mislabelled, are nearly alike, or are poor.
 *
 * @param threshold the largest distance at which two photos are taken for one person
 */
export function photoFindings(surroundings: readonly Surroundings[], threshold: number): PhotoFindings {
  const suspects = surroundings.flatMap((place) => suspect(place, threshold) ?? []);
  return {
    suspects: suspects.sort((a, b) => implausibility(b) - implausibility(a)),
    duplicates: duplicates(surroundings, threshold * duplicateShare),
    poor: surroundings
      .map(({ photo }) => photo)
      .filter(({ quality }) => quality < poorQuality)
      .sort((a, b) => a.quality - b.quality),
  };
}

/** A suspect if the photo disagrees with its person's others; a person's only photo cannot. */
function suspect({ photo, own, other }: Surroundings, threshold: number): Suspect | undefined {
  if (!own) return undefined;
  if (other && other.distance <= threshold && other.distance < own.distance)
    return { photo, reason: 'looks-like-other', own, other };
  return own.distance > threshold ? { photo, reason: 'unlike-own', own, other } : undefined;
}

/** The photo to show beside a suspect: the other person's that it resembles, or the nearest of its own person. */
export function comparedWith({ reason, own, other }: Suspect): PhotoRef {
  return reason === 'looks-like-other' && other ? other.photo : own.photo;
}

/** How much nearer the nearest other person is than the photo's own person. */
function implausibility({ own, other }: Suspect): number {
  return own.distance - (other?.distance ?? largestDistance);
}

function duplicates(surroundings: readonly Surroundings[], within: number): PhotoPair[] {
  const pairs = new Map<string, PhotoPair>();
  for (const { photo, own, other } of surroundings) {
    for (const near of [own, other]) {
      if (!near || near.distance > within) continue;
      const key = [photo.faceId, near.photo.faceId].sort().join(' ');
      if (!pairs.has(key)) pairs.set(key, { photos: [photo, near.photo], distance: near.distance });
    }
  }
  return [...pairs.values()].sort((a, b) => a.distance - b.distance);
}

/** Thresholds are given to the thousandth. */
const stepsPerUnit = 1000;

/** Two people with photos near enough for one to be mistaken for the other. */
export interface LookAlikes {
  /** Their nearest two photos. */
  readonly pair: PhotoPair;
  /** Whether one of these photos may be filed under a wrong name, so that the people may not be alike at all. */
  readonly doubtful: boolean;
}

/** A stricter threshold that keeps a person apart from those who look like them. */
export interface PersonThreshold {
  readonly person: Person;
  /** Just below the distance to the nearest photo of another person. */
  readonly threshold: number;
  /** The person in that photo. */
  readonly nearest: Person;
  /** Share of the person's genuine pairs that the threshold accepts, 0 to 1; null if they have a single photo. */
  readonly tar: number | null;
}

/**
 * Marks those pairs of similar people that rest on doubtful photos.
 *
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

/** A stricter threshold for each person who resembles another; pairs that rest on doubtful photos are ignored. */
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

/** Share of a person's genuine pairs within a distance; null if there are none. */
function ownShare({ id }: Person, photos: readonly EmbeddedPhoto[], within: number): number | null {
  const own = photos.filter(({ photo }) => photo.person.id === id);
  const distances = own.flatMap(({ vector }, index) =>
    own.slice(index + 1).map((other) => euclideanDistance(vector, other.vector)),
  );
  return distances.length === 0 ? null : distances.filter((d) => d <= within).length / distances.length;
}
