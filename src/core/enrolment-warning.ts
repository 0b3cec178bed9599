import type { Person } from './face.js';

/**
 * What speaks against an enrolment that was carried out all the same. `same-face`: somebody else looks the same.
 * `unlike-own`: none of the person's other photos looks the same. `similar-name`: two names differ in their case or in
 * characters that cannot be seen. `set-aside`: the person has this photo already, but it is set aside and does not count.
 */
export interface EnrolmentWarning {
  readonly kind: 'same-face' | 'unlike-own' | 'similar-name' | 'set-aside';
  /** For people to read. */
  readonly message: string;
  /** Whom it is about: somebody else, or the person enrolled. */
  readonly person: Person;
  /** Euclidean, to the nearest photo of `person`, or to all of theirs for `set-aside`; null for a name. */
  readonly distance: number | null;
}
