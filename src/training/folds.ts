import { shuffled, type Random } from './random.js';
import { photosByPerson, type TrainingPhoto } from './training-set.js';

const mostFolds = 5;

/**
 * Deals people into groups of about equally many, those with many photos first, so that each group has its share of
 * them.
 *
 * @param leastPeople with two or more photos in each group
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

/** One turn of identification: who is known, and who is asked about. */
export interface IdentificationFold {
  /** Photos of the people who are known: for training, and to compare with. */
  readonly gallery: readonly TrainingPhoto[];
  /** Other photos of people of the gallery. */
  readonly probes: readonly TrainingPhoto[];
  /** Photos of people who are left out completely. */
  readonly strangers: readonly TrainingPhoto[];
}

/**
 * Splits photos so that every person is a stranger in one fold, and every photo of a person with several is a probe in
 * one of the others. Needs three people with two or more photos.
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
