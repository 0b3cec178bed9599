import { SightlineError } from '../../core/errors.js';

/** Two photos, as paths below LFW's image folder, and whether they show one person. */
export interface LabelledPair {
  readonly same: boolean;
  readonly photos: readonly [string, string];
}

/**
 * Reads a pairs file of Labeled Faces in the Wild, tab separated. The first line has the number of pairs of each kind
 * (View 1, one fold), or the number of folds and that of pairs of each kind in a fold (View 2: `10 300`). Each fold
 * lists its pairs of one person, `name n n`, and then those of two people, `name n name n`.
 *
 * @returns the pairs fold by fold
 * @throws SightlineError PAIRS_INVALID with the number of the line
 */
export function parseLfwPairs(text: string): LabelledPair[][] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  const { folds, perKind } = parseHeader(lines[0]!);
  const expected = 1 + folds * perKind * 2;
  if (lines.length !== expected) {
    throw new SightlineError(
      'PAIRS_INVALID',
      `Expected ${expected} lines, as the first one says, but received ${lines.length}.`,
    );
  }
  return Array.from({ length: folds }, (_, fold) =>
    Array.from({ length: perKind * 2 }, (_, index) => {
      const at = 1 + fold * perKind * 2 + index;
      return parsePair(lines[at]!, at, index < perKind);
    }),
  );
}

function parseHeader(line: string): { folds: number; perKind: number } {
  const [, first, second] = /^([1-9]\d{0,5})(?:\t([1-9]\d{0,5}))?$/.exec(line.trim()) ?? [];
  if (first === undefined) throw invalid(0, 'one count, or two with a tab between', line);
  return second === undefined
    ? { folds: 1, perKind: Number(first) }
    : { folds: Number(first), perKind: Number(second) };
}

function parsePair(line: string, at: number, same: boolean): LabelledPair {
  const cells = line.trim().split('\t');
  const [first = '', number = '', ...rest] = cells;
  const [second = '', otherNumber = ''] = same ? [first, ...rest] : rest;
  const complete = cells.length === (same ? 3 : 4) && first !== '' && second !== '';
  if (!complete || ![number, otherNumber].every((text) => /^[1-9]\d{0,5}$/.test(text))) {
    const expected = same ? 'name, number, number' : 'name, number, name, number';
    throw invalid(at, `${expected} with tabs between`, line);
  }
  return { same, photos: [photoPath(first, number), photoPath(second, otherNumber)] };
}

function photoPath(name: string, number: string): string {
  return `${name}/${name}_${number.padStart(4, '0')}.jpg`;
}

function invalid(at: number, expected: string, line: string): SightlineError {
  const received = JSON.stringify(line.slice(0, 80));
  return new SightlineError(
    'PAIRS_INVALID',
    `Expected ${expected} at line ${at + 1}, but received ${received}.`,
  );
}
