import { describe, expect, it } from 'vitest';
import {
  parseLfwPairs,
  verificationFigures,
  type MeasuredPair,
} from '../../../../src/training/evaluation/lfw.js';

const same = { same: true, photos: ['Ana_Lu/Ana_Lu_0001.jpg', 'Ana_Lu/Ana_Lu_0012.jpg'] };
const different = { same: false, photos: ['Ana_Lu/Ana_Lu_0003.jpg', 'Ben/Ben_0104.jpg'] };
const pair = 'Ana_Lu\t1\t12\nAna_Lu\t3\tBen\t104\n';

describe('parseLfwPairs', () => {
  it('reads View 1 as one fold', () => {
    expect(parseLfwPairs(`1\n${pair}`)).toEqual([[same, different]]);
  });

  it('reads View 2 fold by fold', () => {
    expect(parseLfwPairs(`2\t1\n${pair}${pair}`)).toEqual([
      [same, different],
      [same, different],
    ]);
  });

  it('does not mind the line ends of Windows, a byte order mark or a last line without an end', () => {
    expect(parseLfwPairs(`\uFEFF1\n${pair}`.replaceAll('\n', '\r\n').trimEnd())).toEqual([[same, different]]);
  });

  it.each([
    ['an empty file', '', /line 1.*""/],
    ['a heading that is no count', `pairs\n${pair}`, /line 1.*"pairs"/],
    ['no pairs at all', '0\n', /line 1.*"0"/],
    ['fewer lines than announced', `2\n${pair}`, /5 lines.*received 3/],
    ['more lines than announced', `1\n${pair}${pair}`, /3 lines.*received 5/],
    ['a pair of two people where one of one is due', '1\nA\t1\tB\t2\nA\t1\tB\t2', /line 2.*"A\\t1\\tB\\t2"/],
    [
      'a pair of one person where one of two is due',
      '1\nA\t1\t2\nA\t1\t2',
      /name, number, name, number.*line 3/,
    ],
    ['a photo without a number', '1\nA\tx\t2\nA\t1\tB\t2', /line 2/],
    ['a photo of number 0', '1\nA\t0\t2\nA\t1\tB\t2', /line 2/],
    ['spaces for tabs', '1\nA 1 2\nA 1 B 2', /tabs.*line 2/],
  ])('says where it is wrong: %s', (_, text, message) => {
    expect(() => parseLfwPairs(text)).toThrow(
      expect.objectContaining({ code: 'PAIRS_INVALID', message: expect.stringMatching(message) as string }),
    );
  });
});

const fold = (genuine: readonly number[], impostor: readonly number[]): MeasuredPair[] => [
  ...genuine.map((distance) => ({ same: true, distance })),
  ...impostor.map((distance) => ({ same: false, distance })),
];

describe('verificationFigures', () => {
  it('judges each fold at the threshold that is best on the others', () => {
    // The second fold's own threshold would be .6; the first one's, .3, judges half of its genuine pairs wrongly.
    const figures = verificationFigures([fold([0.2, 0.2], [0.4, 0.4]), fold([0.2, 0.5], [0.7, 0.7])]);
    // On the second fold alone the best is .6, which takes both impostor pairs of the first for genuine.
    expect(figures.accuracy).toBeCloseTo((0.5 + 0.75) / 2);
    expect(figures.accuracyStd).toBeCloseTo(0.125);
    expect(figures).toMatchObject({ pairs: 8, folds: 2 });
  });

  it('gives the deviation of the folds, not of their mean', () => {
    const good = fold([0.1, 0.1], [0.9, 0.9]);
    const bad = fold([0.1, 0.9], [0.1, 0.9]);
    const { accuracy, accuracyStd } = verificationFigures([good, good, good, bad]);
    expect(accuracy).toBeCloseTo(0.875);
    expect(accuracyStd).toBeCloseTo(Math.sqrt((3 * 0.125 ** 2 + 0.375 ** 2) / 4));
  });

  it('judges a single fold at its own best threshold, without deviation', () => {
    const figures = verificationFigures([fold([0.2, 0.3, 0.8, 0.4], [0.6, 0.7, 0.9, 1])]);
    expect(figures).toMatchObject({ accuracy: 7 / 8, accuracyStd: 0, folds: 1, pairs: 8 });
    expect(figures.threshold).toBeCloseTo(0.5);
    expect(figures.tarAtFar).toEqual({ '1e-2': 0.75, '1e-3': 0.75 });
    expect(figures.auc).toBeCloseTo(14 / 16);
  });

  it('cannot judge pairs of one kind only', () => {
    expect(() => verificationFigures([fold([0.1], [])])).toThrow(RangeError);
  });
});
