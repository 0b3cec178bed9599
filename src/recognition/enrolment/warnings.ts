import type { EnrolmentWarning } from '../../core/enrolment-warning.js';
import type { Person } from '../../core/face.js';
import type { GalleryPhoto, PeopleStore } from '../../core/people-store.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Gallery } from '../gallery/gallery.js';
import { setAsideMessage } from '../health/finding-messages.js';

export interface ComparedGallery {
  readonly store: Pick<PeopleStore, 'person' | 'personNamed' | 'persons'>;
  readonly gallery: Pick<Gallery, 'match' | 'distanceTo'>;
  readonly spec: Pick<EmbedderSpec, 'threshold'>;
}

/**
 * What speaks against enrolling a face: called before it is stored, when the gallery does not know it yet.
 *
 * @param target the name or the id of the person who gets the face
 * @param vectors embeddings of the face, one for each photo of it; the nearest counts
 */
export async function enrolmentWarnings(
  { store, gallery, spec }: ComparedGallery,
  target: string | { readonly id: string },
  vectors: readonly Float32Array[],
): Promise<EnrolmentWarning[]> {
  const person = typeof target === 'string' ? await store.personNamed(target) : await store.person(target.id);
  const name = typeof target === 'string' ? target : person?.name;
  // Whoever has gone in the meantime is refused by the store.
  if (name === undefined) return [];
  const neighbours = (await Promise.all(vectors.map((vector) => gallery.match(vector, 2)))).flat();
  const [other] = neighbours
    .filter((neighbour) => neighbour.person.id !== person?.id)
    .sort((a, b) => a.distance - b.distance);
  const own = person ? vectors.flatMap((vector) => gallery.distanceTo(person.id, vector) ?? []) : [];
  const ownDistance = own.length > 0 ? Math.min(...own) : undefined;
  const aboutFaces = faceWarnings({ person, name, other, ownDistance, threshold: spec.threshold });
  return person ? aboutFaces : [...aboutFaces, ...nameWarnings(name, await store.persons())];
}

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
      message: `The nearest other photo of ${name} is at distance ${ownDistance.toFixed(2)} (${limit}). Check that it shows ${name}.`,
      person,
      distance: ownDistance,
    });
  return warnings;
}

/** Says that a photo which is enrolled once more is set aside; nothing for one that counts. */
export function setAsideWarnings(person: Person, { id, setAside }: GalleryPhoto): EnrolmentWarning[] {
  if (setAside === null) return [];
  const since = new Date(setAside.at).toISOString();
  const message = `The photo is known already, but set aside since ${since}, so it does not count. ${setAsideMessage(person, setAside)} If it is right, \`sightline people restore-photo ${id}\` or POST /v1/photos/${id}/restore has it count again.`;
  const whom = setAside.other ?? person;
  const distance = setAside.other ? setAside.otherDistance : setAside.ownDistance;
  return [{ kind: 'set-aside', message, person: whom, distance }];
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
