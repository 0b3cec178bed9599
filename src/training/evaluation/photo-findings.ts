import type { Near, PhotoPair, PhotoRef, Surroundings } from './gallery-pairs.js';

/** Below it recognition is measurably worse; one in a hundred LFW photos is (docs/recognition.md, Quality). */
const poorQuality = 0.5;
/** Share of the threshold. Of 983 pairs of one person's photos on LFW View 1, two are nearer than this with MobileFaceNet. */
const duplicateShare = 1 / 3;

const largestDistance = 2;

/** A photo that may not show the person it is filed under. */
export interface Suspect {
  readonly photo: PhotoRef;
  /** `looks-like-other`: nearer to somebody else, near enough to be named so. `unlike-own`: near to nobody. */
  readonly reason: 'looks-like-other' | 'unlike-own';
  /** The nearest other photo filed under the same person. */
  readonly own: Near;
  readonly other: Near | null;
}

/** What may be wrong with single photos of a gallery. */
export interface PhotoFindings {
  /** Least plausible first. */
  readonly suspects: readonly Suspect[];
  /** Photos so near that one adds nothing to the other, or of two people: then one of the names is wrong. */
  readonly duplicates: readonly PhotoPair[];
  /** Worst first. */
  readonly poor: readonly PhotoRef[];
}

/** @param threshold largest distance at which two photos may pass for one person's */
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

/** A person's only photo cannot disagree with others. */
function suspect({ photo, own, other }: Surroundings, threshold: number): Suspect | undefined {
  if (!own) return undefined;
  if (other && other.distance <= threshold && other.distance < own.distance)
    return { photo, reason: 'looks-like-other', own, other };
  return own.distance > threshold ? { photo, reason: 'unlike-own', own, other } : undefined;
}

/** The photo that makes it suspect: of whom it looks like, or of the person whom it does not look like. */
export function comparedWith({ reason, own, other }: Suspect): PhotoRef {
  return reason === 'looks-like-other' && other ? other.photo : own.photo;
}

/** How much nearer somebody else is than the person themselves. */
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
