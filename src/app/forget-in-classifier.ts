import type { GalleryPerson } from '../core/people-store.js';
import type { ClassifierHead, HeadStore } from '../core/heads.js';

/**
 * Switches the classifier off when it may know somebody who was erased.
 *
 * @param people everybody who is still here
 * @returns whether it was switched off
 * @throws SightlineError HEAD_CORRUPT, DATA_UNWRITABLE
 */
export async function forgetInClassifier(
  heads: HeadStore,
  people: readonly GalleryPerson[],
): Promise<boolean> {
  const classifier = await heads.load('classifier');
  return mayKnowOthers(classifier, people) && heads.remove('classifier');
}

/**
 * Whether a classifier may know somebody else than these people. It keeps embeddings of those it was trained on, by the
 * names that they had then: when one of these is nobody's any more, it may be that of somebody erased.
 */
export function mayKnowOthers(classifier: ClassifierHead | null, people: readonly GalleryPerson[]): boolean {
  const names = new Set(people.map(({ name }) => name));
  return classifier !== null && !classifier.people.every((name) => names.has(name));
}
