import { setImmediate as nextTurn } from 'node:timers/promises';
import { euclideanDistance } from '../../core/distance.js';
import type { ModelRef } from '../../core/face.js';
import type { Storage } from '../../core/storage.js';
import type { UnknownPerson } from '../../core/track-store.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import { LocalImpostors, type Calibration } from './calibration.js';

const dayMs = 86_400_000;
/**
 * Most unknown people who first came on one day. Whoever wants to move the threshold by showing many faces must then come
 * back day after day.
 */
const mostPerDay = 20;
/** Most unknown people and most people of the gallery; with so many, the estimate does not get better. */
const mostPeople = 200;
const mostGalleryPeople = 100;
/** Most crops of an unknown person and most photos of a person of the gallery. */
const mostVectors = 3;

/** The part of the storage that a calibration is made from. */
export type CohortStore = Pick<Storage, 'tracks' | 'people'>;

/**
 * Estimates a calibration from the unknown people and the gallery as they are stored. Other work can go on after each
 * unknown person, whose comparisons take about a millisecond at most.
 * @throws SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
 */
export async function calibrateOnCohort(store: CohortStore, spec: EmbedderSpec): Promise<Calibration> {
  const impostors = new LocalImpostors(spec);
  const gallery = await galleryVectors(store, spec.model);
  const cohort = gallery.length === 0 ? [] : await cohortVectors(store, spec.model);
  for (const vectors of cohort) {
    impostors.add(gallery.map((photos) => distancesBetween(vectors, photos)));
    await nextTurn();
  }
  return impostors.estimate();
}

/**
 * Chooses the unknown people to calibrate on: those who came on the newest days, of each day those on the most tracks, and
 * no more of a day than `mostPerDay`.
 */
export function chooseCohort(people: readonly UnknownPerson[]): UnknownPerson[] {
  const perDay = new Map<number, number>();
  const dayOf = ({ firstSeenAt }: UnknownPerson): number => Math.floor(firstSeenAt / dayMs);
  return people
    .toSorted((a, b) => dayOf(b) - dayOf(a) || b.seen - a.seen || a.number - b.number)
    .filter((person) => {
      const already = perDay.get(dayOf(person)) ?? 0;
      perDay.set(dayOf(person), already + 1);
      return already < mostPerDay;
    })
    .slice(0, mostPeople);
}

/** The best crops of the chosen unknown people, by person. */
async function cohortVectors({ tracks }: CohortStore, model: ModelRef): Promise<Float32Array[][]> {
  const chosen = new Set(chooseCohort(await tracks.unknownPeople()).map(({ id }) => id));
  const best = new Map<string, { quality: number; vector: Float32Array }[]>();
  for await (const entries of tracks.unknownEntries(model)) {
    for (const { personId, role, quality, vector } of entries) {
      if (role !== 'sighting' || !chosen.has(personId)) continue;
      const crops = [...(best.get(personId) ?? []), { quality, vector }];
      best.set(personId, crops.toSorted((a, b) => b.quality - a.quality).slice(0, mostVectors));
    }
  }
  return [...best.values()].map((crops) => crops.map(({ vector }) => vector));
}

/** Photos of the gallery by person: of everybody, or of as many people spread evenly over a larger gallery. */
async function galleryVectors({ people }: CohortStore, model: ModelRef): Promise<Float32Array[][]> {
  const ids = (await people.persons()).map(({ id }) => id).sort();
  const step = Math.max(1, ids.length / mostGalleryPeople);
  const chosen = new Set(
    ids.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step)),
  );
  const photos = new Map<string, Float32Array[]>();
  for await (const entries of people.entries(model)) {
    for (const { person, role, vector } of entries) {
      const already = photos.get(person.id) ?? [];
      if (role === 'example' && chosen.has(person.id) && already.length < mostVectors)
        photos.set(person.id, [...already, vector]);
    }
  }
  return [...photos.values()];
}

function distancesBetween(
  vectors: readonly Float32Array[],
  photos: readonly Float32Array[],
): readonly number[] {
  return vectors.flatMap((vector) => photos.map((photo) => euclideanDistance(vector, photo)));
}
