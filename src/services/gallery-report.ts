import type { Person } from '../core/face.js';
import type { FoundLookAlikes, GalleryPhoto, LookAlikes, SetAside } from '../core/people-store.js';
import type { GalleryFindings, Misfit } from '../recognition/health/check-gallery.js';
import {
  disagreementMessage,
  sameFaceMessage,
  setAsideMessage,
} from '../recognition/health/finding-messages.js';
import type { CheckedPhoto } from '../recognition/health/photo-groups.js';

/** A photo that is, or should be, set aside. */
export interface SetAsideFinding extends Omit<SetAside, 'at'> {
  readonly photo: GalleryPhoto;
  readonly person: Person;
  readonly message: string;
}

/** A person whose photos disagree; nothing says which of them are right. */
export interface DisagreementFinding {
  readonly person: Person;
  readonly groups: readonly (readonly GalleryPhoto[])[];
  readonly message: string;
}

/** Two people with the same face. */
export interface SameFaceFinding {
  readonly people: readonly [Person, Person];
  readonly distance: number;
  readonly message: string;
}

/** What a check of the gallery has found. */
export interface GalleryReport {
  /** Whether the misfits were set aside and the thresholds of look-alikes put in force. */
  readonly applied: boolean;
  readonly people: number;
  readonly photos: number;
  /** Photos that could not be compared, because they have no embedding of the model in use. */
  readonly leftOut: number;
  readonly setAside: readonly SetAsideFinding[];
  readonly disagreements: readonly DisagreementFinding[];
  readonly sameFaces: readonly SameFaceFinding[];
  /** Look-alikes that were not known before, or whose threshold has changed. */
  readonly lookAlikes: readonly Pick<LookAlikes, 'people' | 'distance' | 'threshold'>[];
}

/** What was checked. */
export interface ReadGallery {
  readonly checked: readonly CheckedPhoto[];
  readonly photos: ReadonlyMap<string, GalleryPhoto>;
  readonly persons: ReadonlyMap<string, Person>;
}

/** Look-alikes with their names, without who is gone by now. */
export function withNames(
  found: readonly FoundLookAlikes[],
  persons: ReadGallery['persons'],
): GalleryReport['lookAlikes'] {
  return found.flatMap(({ personIds, distance, threshold }) => {
    const [first, second] = personIds.map((id) => persons.get(id));
    return first && second ? [{ people: [first, second] as const, distance, threshold }] : [];
  });
}

export function describeFindings(
  { misfits, disagreements, sameFaces }: GalleryFindings,
  { photos, persons }: ReadGallery,
): Pick<GalleryReport, 'setAside' | 'disagreements' | 'sameFaces'> {
  const photosOf = (group: readonly CheckedPhoto[]): GalleryPhoto[] =>
    group.flatMap(({ faceId }) => photos.get(faceId) ?? []);
  return {
    setAside: misfits.flatMap((misfit) => describeMisfit(misfit, { photos, persons })),
    disagreements: disagreements.flatMap(({ personId, groups }) => {
      const person = persons.get(personId);
      if (!person) return [];
      return [{ person, groups: groups.map(photosOf), message: disagreementMessage(person, groups) }];
    }),
    sameFaces: sameFaces.flatMap(({ personIds, distance }) => {
      const [first, second] = personIds.map((id) => persons.get(id));
      if (!first || !second) return [];
      return [
        { people: [first, second] as const, distance, message: sameFaceMessage([first, second], distance) },
      ];
    }),
  };
}

function describeMisfit(
  { photo: { faceId, personId }, reason, ownDistance, other }: Misfit,
  { photos, persons }: Pick<ReadGallery, 'photos' | 'persons'>,
): SetAsideFinding[] {
  const [photo, person] = [photos.get(faceId), persons.get(personId)];
  if (!photo || !person) return [];
  const why = {
    ...{ reason, ownDistance },
    otherDistance: other?.distance ?? null,
    other: (other && persons.get(other.personId)) ?? null,
  };
  return [{ photo, person, ...why, message: setAsideMessage(person, why) }];
}
