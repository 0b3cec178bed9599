import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';

const maxCharacters = 100;
/**
 * Most code units before normalisation. Normalisation never shortens a name by a factor of ten, and its time grows with
 * the square of the number of combining marks on a letter.
 */
const maxUnits = 10 * maxCharacters;
/** Control characters, unassigned and private code points, line breaks, and marks that turn the reading direction. */
const forbidden = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
/** What people without a name are called, everywhere: as a name it could not be told from them. */
const reserved = /^unknown( \d+)?$/i;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * Normalises a name in any script to the form it is stored in: Unicode NFC, no spaces at the ends, single spaces inside.
 * `unknown`, and the number of an unknown person such as `Unknown 3`, is no name.
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
  if (reserved.test(withoutInvisible(normalised)))
    throw new SightlineError(
      'PERSON_NAME_INVALID',
      `Expected the name of a person but received ${quote(name)}, which stands for people without a name`,
    );
  if (length <= maxCharacters && visible.test(normalised) && !forbidden.test(normalised)) return normalised;
  throw new SightlineError(
    'PERSON_NAME_INVALID',
    `Expected a name of 1 to ${maxCharacters} printable characters but received ${quote(name)}`,
  );
}

/** Without characters that cannot be seen, such as zero-width spaces and the signs that choose a glyph. */
function withoutInvisible(name: string): string {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, '').trim();
}
