import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Landmarks } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';

/** One face as it was labelled by people. */
export interface LabelledFace {
  /** In pixels of the picture. */
  readonly box: Box;
  /** Null if the truth file has none. */
  readonly landmarks: Landmarks | null;
  /** Labelled as impossible to judge: whether it is found or missed does not count. */
  readonly ignored: boolean;
}

/** One picture and every face on it. */
export interface LabelledPicture {
  /** Path relative to the folder of the pictures. */
  readonly path: string;
  readonly faces: readonly LabelledFace[];
}

/**
 * Reads the labelled faces from the text of a truth file: JSON rows like FDDB's, or WIDER FACE's lines. The beginning
 * of the text decides which.
 *
 * @throws SightlineError TRUTH_INVALID with the line or row for any other text, and if no face counts
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

const pixel = z.number();
const side = z.number().positive();
const point = z.tuple([pixel, pixel]).transform(([x, y]) => ({ x, y }));
const fivePoints = z
  .tuple([point, point, point, point, point])
  .refine(([left, right]) => left.x !== right.x || left.y !== right.y, 'expected two eyes, not one place');
/** One face; other keys are ignored. */
const row = z.object({
  iname: z.string().min(1),
  bbox: z.tuple([pixel, pixel, side, side]),
  landmarks: fivePoints.optional(),
});

/**
 * Reads FDDB's faces as JSON: a list with one row for each face, `{iname, bbox: [x, y, width, height]}`, in pixels. A
 * row may also have `landmarks`, five [x, y] in the order of `Landmarks`.
 *
 * @throws SightlineError TRUTH_INVALID with the line of bad JSON, or the number of a bad row
 */
function parseJsonTruth(text: string): LabelledPicture[] {
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
    // V8 gives the position, except at the end of the text.
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const line = text.slice(0, position).split('\n').length;
    throw new SightlineError('TRUTH_INVALID', `Expected JSON, but line ${line} is not valid: ${message}.`, {
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

/** x, y, width, height, blur, expression, illumination, invalid, occlusion, pose. */
const columns = 10;
const numbers = /^-?\d+(\.\d+)?(\s+-?\d+(\.\d+)?)*$/;

/**
 * Reads the annotations of WIDER FACE (S. Yang et al., CVPR 2016), `wider_face_*_bbx_gt.txt`: for each picture a line
 * with its path, a line with the number of faces, and a line of ten numbers for each face. A picture without faces has
 * one such line too, which is skipped. Faces marked invalid, and the few without an area, are marked as ignored.
 *
 * @throws SightlineError TRUTH_INVALID with the number of the line
 */
function parseWiderTruth(text: string): LabelledPicture[] {
  const lines = text.trim() === '' ? [] : text.trimEnd().split(/\r?\n/);
  const pictures = new Map<string, LabelledPicture>();
  let at = 0;
  while (at < lines.length) {
    const path = pathAt(lines, at);
    if (pictures.has(path)) throw invalid(at, 'a picture that was not listed before', path);
    const end = at + 2 + countAt(lines, at + 1);
    const faces: LabelledFace[] = [];
    for (at += 2; at < end; at++) faces.push(faceAt(lines, at));
    pictures.set(path, { path, faces });
    if (faces.length === 0 && isRow(lines[at])) at++;
  }
  return [...pictures.values()];
}

function pathAt(lines: readonly string[], at: number): string {
  const path = lines[at]?.trim() ?? '';
  if (path === '' || numbers.test(path)) throw invalid(at, 'the path of a picture', lines[at]);
  return path;
}

function countAt(lines: readonly string[], at: number): number {
  const text = lines[at]?.trim() ?? '';
  if (!/^\d+$/.test(text)) throw invalid(at, 'the number of faces', lines[at]);
  return Number(text);
}

function faceAt(lines: readonly string[], at: number): LabelledFace {
  const line = lines[at];
  if (!isRow(line)) throw invalid(at, `${columns} numbers of a face`, line);
  const [x = 0, y = 0, width = 0, height = 0, , , , isInvalid] = line.trim().split(/\s+/).map(Number);
  const ignored = isInvalid === 1 || width <= 0 || height <= 0;
  return { box: { x, y, width, height }, landmarks: null, ignored };
}

function isRow(line: string | undefined): line is string {
  const text = line?.trim() ?? '';
  return numbers.test(text) && text.split(/\s+/).length === columns;
}

function invalid(at: number, expected: string, received: string | undefined): SightlineError {
  const found = received === undefined ? 'the end of the file' : JSON.stringify(received.slice(0, 80));
  return new SightlineError(
    'TRUTH_INVALID',
    `Expected ${expected} at line ${at + 1}, but received ${found}.`,
  );
}
