import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { LabelledFace, LabelledPicture } from './truth.js';

const pixel = z.number();
const side = z.number().positive();
const point = z.tuple([pixel, pixel]).transform(([x, y]) => ({ x, y }));
const fivePoints = z
  .tuple([point, point, point, point, point])
  .refine(([left, right]) => left.x !== right.x || left.y !== right.y, 'expected two eyes, not one place');
/** One face; keys that say more about it are left alone. */
const row = z.object({
  iname: z.string().min(1),
  bbox: z.tuple([pixel, pixel, side, side]),
  landmarks: fivePoints.optional(),
});

/**
 * FDDB's faces as JSON: a list with one row a face, `{iname, bbox: [x, y, width, height]}`. A row may also have
 * `landmarks`, five [x, y] in the order of `Landmarks`.
 *
 * @throws SightlineError TRUTH_INVALID with the line of bad JSON, or the number of a bad row
 */
export function parseJsonTruth(text: string): LabelledPicture[] {
  const { data: rows, error } = z.array(row).safeParse(parseJson(text));
  if (error) throw invalidRow(error.issues[0]!);
  const pictures = new Map<string, LabelledFace[]>();
  for (const { iname, bbox, landmarks = null } of rows) {
    const faces = pictures.get(iname) ?? [];
    const [x, y, width, height] = bbox;
    faces.push({ box: { x, y, width, height }, landmarks, ignored: false });
    pictures.set(iname, faces);
  }
  return [...pictures].map(([path, faces]) => ({ path, faces }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    // V8 tells the position but where the text breaks off.
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const line = text.slice(0, position).split('\n').length;
    throw new SightlineError('TRUTH_INVALID', `Expected JSON, but line ${line} is none: ${message}.`, {
      cause: error,
    });
  }
}

function invalidRow({ path: [index, ...rest], message }: z.core.$ZodIssue): SightlineError {
  const where =
    typeof index === 'number'
      ? `row ${index + 1}${rest.map((key) => `, ${String(key)}`).join('')}`
      : 'the file';
  return new SightlineError(
    'TRUTH_INVALID',
    `Expected a list of rows {iname, bbox: [x, y, width, height]}, but ${where} differs: ${message}.`,
  );
}
