import { SightlineError } from '../../core/errors.js';
import type { LabelledFace, LabelledPicture } from './truth.js';

/** x, y, width, height, blur, expression, illumination, invalid, occlusion, pose. */
const columns = 10;
const numbers = /^-?\d+(\.\d+)?(\s+-?\d+(\.\d+)?)*$/;

/**
 * The annotations of WIDER FACE (S. Yang et al., CVPR 2016), `wider_face_*_bbx_gt.txt`: for each picture a line with
 * its path, a line with the number of faces, and a line of ten numbers for each. A picture without a face has one such
 * line too, which stands for nothing. Faces marked invalid, and the few without an area, are to be ignored.
 *
 * @throws SightlineError TRUTH_INVALID with the number of the line
 */
export function parseWiderTruth(text: string): LabelledPicture[] {
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
