import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';

const maxCharacters = 100;
/**
 * Code units before normalisation, which makes a name shorter but never by so much. It orders the marks on a letter,
 * and the time for that grows with the square of their number.
 */
const maxUnits = 10 * maxCharacters;
/** Control characters, unassigned and private code points, line breaks, and marks that turn the reading direction. */
const forbidden = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A name of any script in its one stored form: Unicode NFC, no blanks at the ends, single blanks between.
 * @throws SightlineError PERSON_NAME_INVALID
 */
export function normalisePersonName(name: string): string {
  const normalised =
    name.length > maxUnits
      ? ''
      : name
          .normalize('NFC')
          .replace(/\p{Zs}+/gu, ' ')
          .trim();
  const length = [...normalised].length;
  if (length <= maxCharacters && visible.test(normalised) && !forbidden.test(normalised)) return normalised;
  throw new SightlineError(
    'PERSON_NAME_INVALID',
    `Expected a name of 1 to ${maxCharacters} printable characters but received ${quote(name)}`,
  );
}
