import { shuffled, type Random } from './random.js';
import { photosByPerson, type TrainingPhoto } from './training-set.js';

const mostFolds = 5;

/**
 * Splits people into groups of about equal size. Those with many photos are dealt out first, so that each group gets
 * its share of them.
 *
 * @param leastPeople the fewest people with two or more photos that each group must have
 */
export function groupPeople(
  photos: readonly TrainingPhoto[],
  leastPeople: number,
  random: Random,
): TrainingPhoto[][] {
  const people = shuffled([...photosByPerson(photos).values()], random).sort((a, b) => b.length - a.length);
  const several = people.filter((own) => own.length >= 2).length;
  const count = Math.min(mostFolds, Math.floor(several / leastPeople));
  const groups = Array.from({ length: count }, (): TrainingPhoto[] => []);
  people.forEach((own, index) => groups[index % count]?.push(...own));
  return groups;
}

/** One fold of cross-validated identification: a gallery of known people, and held-out photos to identify. */
export interface IdentificationFold {
  /** Photos of the known people, which are trained on and compared with. */
  readonly gallery: readonly TrainingPhoto[];
  /** Other photos of people of the gallery. */
  readonly probes: readonly TrainingPhoto[];
  /** Photos of people who are left out completely. */
  readonly strangers: readonly TrainingPhoto[];
}

/**
 * Splits photos so that every person is a stranger in one fold, and every photo of a person with several is a probe in
 * one of the others. There must be at least three people with two or more photos.
 */
export function identificationFolds(photos: readonly TrainingPhoto[], random: Random): IdentificationFold[] {
  const groups = groupPeople(photos, 1, random);
  const probeFold = new Map<TrainingPhoto, number>();
  groups.forEach((group, number) => {
    for (const own of photosByPerson(group).values()) {
      if (own.length < 2) continue;
      // The group's own fold is the one in which its people are strangers.
      shuffled(own, random).forEach((photo, index) =>
        probeFold.set(photo, (number + 1 + (index % (groups.length - 1))) % groups.length),
      );
    }
  });
  return groups.map((strangers, fold) => {
    const known = groups.filter((group) => group !== strangers).flat();
    return {
      gallery: known.filter((photo) => probeFold.get(photo) !== fold),
      probes: known.filter((photo) => probeFold.get(photo) === fold),
      strangers,
    };
  });
}
