import { expect, it } from 'vitest';
import { figureTable, table } from '../../../src/commands/table.js';

it('lines columns up, figures at their right ends', () => {
  const rows = [
    ['Franck', '12', '2026-11-27'],
    ['Zoë', '3', '2026-01-02'],
  ];
  expect(table(['NAME', 'PHOTOS', 'SINCE'], rows, [1])).toBe(
    'NAME    PHOTOS  SINCE\nFranck      12  2026-11-27\nZoë          3  2026-01-02\n',
  );
});

it('counts a Chinese or Korean character and an emoji as two places of the terminal', () => {
  expect(
    table(
      ['NAME', 'PHOTOS'],
      [
        ['王小明', '1'],
        ['김민수', '2'],
        ['Ann 🐈', '3'],
      ],
    ),
  ).toBe('NAME    PHOTOS\n王小明  1\n김민수  2\nAnn 🐈  3\n');
});

it('shows headings alone when there are no rows', () => {
  expect(table(['NUMBER', 'SEEN'], [])).toBe('NUMBER  SEEN\n');
});

it('puts values in one column', () => {
  expect(
    figureTable([
      ['accuracy', '.99'],
      ['EER', '.01'],
    ]),
  ).toBe('accuracy  .99\nEER       .01\n');
});
