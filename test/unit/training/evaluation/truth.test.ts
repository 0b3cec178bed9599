import { describe, expect, it } from 'vitest';
import { parseTruth } from '../../../../src/training/evaluation/truth.js';

const row = { iname: 'a.jpg', bbox: [1, 2, 30, 40] };

describe('truth as JSON rows', () => {
  it('gathers the faces of each picture, in the order of the file', () => {
    const rows = [row, { ...row, iname: 'b/c.jpg' }, { ...row, bbox: [-5, 0, 8.5, 9], note: 'more' }];
    expect(parseTruth(`\n ${JSON.stringify(rows)}`)).toEqual([
      {
        path: 'a.jpg',
        faces: [
          { box: { x: 1, y: 2, width: 30, height: 40 }, landmarks: null, ignored: false },
          { box: { x: -5, y: 0, width: 8.5, height: 9 }, landmarks: null, ignored: false },
        ],
      },
      {
        path: 'b/c.jpg',
        faces: [{ box: { x: 1, y: 2, width: 30, height: 40 }, landmarks: null, ignored: false }],
      },
    ]);
  });

  it('takes five landmarks', () => {
    const landmarks = [0, 1, 2, 3, 4].map((value) => [value, value * 10]);
    const [picture] = parseTruth(JSON.stringify([{ ...row, landmarks }]));
    expect(picture?.faces[0]?.landmarks?.[3]).toEqual({ x: 3, y: 30 });
  });

  it.each([
    ['broken JSON', '[\n{"iname": "a.jpg",\n "bbox": [1, 2, 3, 4}\n]', /line 3 /],
    ['JSON that breaks off', '[\n{"iname": "a.jpg",\n\n', /line 4 /],
    ['something else than a list', '{"faces": []}', /the file differs/],
    ['a box of three numbers', JSON.stringify([row, { ...row, bbox: [1, 2, 3] }]), /row 2, bbox/],
    ['a box without an area', JSON.stringify([{ ...row, bbox: [1, 2, 0, 4] }]), /row 1, bbox, 2/],
    ['a box of text', JSON.stringify([{ ...row, bbox: [1, 2, 'x', 4] }]), /row 1, bbox, 2.*number/],
    ['a row without a picture', JSON.stringify([row, row, { bbox: row.bbox }]), /row 3, iname/],
    [
      'four landmarks',
      JSON.stringify([{ ...row, landmarks: [0, 1, 2, 3].map((at) => [at, at]) }]),
      /row 1, landmarks/,
    ],
    [
      'eyes in one place',
      JSON.stringify([{ ...row, landmarks: [0, 1, 2, 3, 4].map(() => [1, 1]) }]),
      /two eyes/,
    ],
    ['an empty list', '[]', /at least one face/],
  ])('refuses %s and says where', (_, text, expected) => {
    expect(() => parseTruth(text)).toThrow(expect.objectContaining({ code: 'TRUTH_INVALID' }));
    expect(() => parseTruth(text)).toThrow(expected);
  });
});

const plain = '10 20 30 40 0 0 0 0 0 0';

describe("truth as WIDER FACE's text", () => {
  it('reads pictures with one, no and several faces', () => {
    const text = [
      ...['0--Parade/one.jpg', '1', `${plain} `],
      ...['0--Parade/none 2.jpg', '0', '0 0 0 0 0 0 0 0 0 0 '],
      ...['1--Handshaking/two.jpg', '2', '1 2 3 4 2 1 1 0 2 1', '5 6 7 8 0 0 0 0 0 0'],
    ];
    for (const end of ['\n', '\r\n']) {
      const pictures = parseTruth(`${text.join(end)}${end}`);
      expect(
        pictures.map(({ path, faces }) => [
          path,
          faces.map(({ box }) => [box.x, box.y, box.width, box.height]),
        ]),
      ).toEqual([
        ['0--Parade/one.jpg', [[10, 20, 30, 40]]],
        ['0--Parade/none 2.jpg', []],
        // prettier-ignore
        ['1--Handshaking/two.jpg', [[1, 2, 3, 4], [5, 6, 7, 8]]],
      ]);
    }
  });

  it('does without the empty row of a picture without faces', () => {
    const pictures = parseTruth(`none.jpg\n0\none.jpg\n1\n${plain}`);
    expect(pictures.map(({ faces }) => faces.length)).toEqual([0, 1]);
  });

  it('marks faces that are invalid or have no area as ignored', () => {
    const rows = [plain, '1 2 3 4 0 0 0 1 0 0', '1 2 0 4 0 0 0 0 0 0', '1 2 3 0 0 0 0 0 0 0'];
    const [picture] = parseTruth(`a.jpg\n4\n${rows.join('\n')}`);
    expect(picture?.faces.map(({ ignored }) => ignored)).toEqual([false, true, true, true]);
  });

  it.each([
    ['an empty file', '', /at least one face/],
    ['a file of blanks', ' \n\n', /at least one face/],
    ['no faces at all', 'a.jpg\n0\n0 0 0 0 0 0 0 0 0 0', /at least one face.*1 pictures/],
    ['only faces to be ignored', 'a.jpg\n1\n1 2 3 4 0 0 0 1 0 0', /at least one face/],
    ['text of another kind', 'hello\nworld', /number of faces at line 2.*"world"/],
    ['a count that is none', 'a.jpg\n-1\n', /number of faces at line 2/],
    ['a picture without a count', `a.jpg\n1\n${plain}\nb.jpg`, /number of faces at line 5.*end of the file/],
    ['a row too few', `a.jpg\n2\n${plain}\nb.jpg\n1\n${plain}`, /10 numbers of a face at line 4.*"b\.jpg"/],
    ['a row too many', `a.jpg\n1\n${plain}\n${plain}\n`, /path of a picture at line 4/],
    ['a row of nine numbers', 'a.jpg\n1\n1 2 3 4 5 6 7 8 9', /10 numbers of a face at line 3/],
    ['a row with a word', 'a.jpg\n1\n1 2 3 4 5 six 7 8 9 10', /10 numbers of a face at line 3/],
    ['more faces than any file has', 'a.jpg\n99999999999999\n', /line 3.*end of the file/],
    ['an empty line', `a.jpg\n1\n${plain}\n\nb.jpg\n1\n${plain}`, /path of a picture at line 4/],
    ['a picture listed twice', `a.jpg\n1\n${plain}\na.jpg\n1\n${plain}`, /not listed before at line 4/],
  ])('refuses %s and says where', (_, text, expected) => {
    expect(() => parseTruth(text)).toThrow(expect.objectContaining({ code: 'TRUTH_INVALID' }));
    expect(() => parseTruth(text)).toThrow(expected);
  });
});
