import { SightlineError } from '../../core/errors.js';
import type { Landmarks } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';
import { parseJsonTruth } from './json-truth.js';
import { parseWiderTruth } from './wider-truth.js';

/** One face as people have marked it. */
export interface LabelledFace {
  /** In pixels of the picture. */
  readonly box: Box;
  /** Null where the truth has none. */
  readonly landmarks: Landmarks | null;
  /** Marked as one that cannot be judged: finding it is no hit, and missing it no miss. */
  readonly ignored: boolean;
}

/** One picture and every face on it. */
export interface LabelledPicture {
  /** Relative to the folder of the pictures. */
  readonly path: string;
  readonly faces: readonly LabelledFace[];
}

/**
 * Reads what faces there are, from the text of a truth file in either format, told apart by how it begins: JSON rows
 * (`json-truth.ts`) or WIDER FACE's lines (`wider-truth.ts`).
 *
 * @throws SightlineError TRUTH_INVALID, with the line or row, for any other text and for one without a face that counts
 */
export function parseTruth(text: string): LabelledPicture[] {
  const content = text.replace(/^\uFEFF/, '');
  const pictures = /^\s*[[{]/.test(content) ? parseJsonTruth(content) : parseWiderTruth(content);
  if (pictures.some(({ faces }) => faces.some(({ ignored }) => !ignored))) return pictures;
  throw new SightlineError(
    'TRUTH_INVALID',
    `Expected a truth with at least one face that counts, but received ${pictures.length} pictures without.`,
  );
}
