import type { EnrolmentWarning } from '../../core/enrolment-warning.js';
import type { Person } from '../../core/face.js';

/** What a new photo is compared with. */
export interface Comparison {
  /** Whoever the photo is enrolled for; undefined for somebody new. */
  readonly person: Person | undefined;
  /** The name that the person has, or gets. */
  readonly name: string;
  /** The nearest of all other people. */
  readonly other: { readonly person: Person; readonly distance: number } | undefined;
  /** The distance to the nearest photo of the person; undefined when there is none. */
  readonly ownDistance: number | undefined;
  /** The largest distance at which two photos are taken for one person. */
  readonly threshold: number;
}

/** Compares a face that is about to be enrolled with those that are, by the rules of `sightline evaluate gallery`. */
export function faceWarnings({
  person,
  name,
  other,
  ownDistance,
  threshold,
}: Comparison): EnrolmentWarning[] {
  const warnings: EnrolmentWarning[] = [];
  const limit = `one person up to ${threshold.toFixed(2)}`;
  if (other !== undefined && other.distance <= threshold)
    warnings.push({
      kind: 'same-face',
      message: `The face looks like ${other.person.name} at distance ${other.distance.toFixed(2)} (${limit}). If ${name} and ${other.person.name} are one person, merge them; else remove the photo that is wrong.`,
      ...other,
    });
  if (person !== undefined && ownDistance !== undefined && ownDistance > threshold)
    warnings.push({
      kind: 'unlike-own',
      message: `The nearest other photo of ${name} is at distance ${ownDistance.toFixed(2)} (${limit}). Check that this photo shows ${name}.`,
      person,
      distance: ownDistance,
    });
  return warnings;
}

/** Those whose names are read like `name` although they are written otherwise. */
export function nameWarnings(name: string, people: readonly Person[]): EnrolmentWarning[] {
  const key = nameKey(name);
  return people
    .filter((person) => person.name !== name && nameKey(person.name) === key)
    .map((person) => ({
      kind: 'similar-name',
      message: `The name ${name} is read like that of ${person.name}, who is enrolled, too. If they are one person, merge them.`,
      person: { id: person.id, name: person.name },
      distance: null,
    }));
}

/** The same for names that differ only in case, width or characters that cannot be seen. */
function nameKey(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\p{White_Space}+/gu, ' ')
    .trim()
    .toUpperCase()
    .toLowerCase();
}
