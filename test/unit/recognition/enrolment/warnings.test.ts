import { describe, expect, it } from 'vitest';
import { faceWarnings, nameWarnings } from '../../../../src/recognition/enrolment/warnings.js';

const ana = { id: 'a', name: 'Ana' };
const ben = { id: 'b', name: 'Ben' };

describe('faceWarnings', () => {
  const compared = { person: ana, name: 'Ana', threshold: 1 };

  it.each([
    ['nobody near', { other: { person: ben, distance: 1.01 }, ownDistance: undefined }, []],
    ['somebody else near', { other: { person: ben, distance: 1 }, ownDistance: 0.5 }, ['same-face']],
    ['no own photo near', { other: undefined, ownDistance: 1.2 }, ['unlike-own']],
    ['both', { other: { person: ben, distance: 0.4 }, ownDistance: 1.2 }, ['same-face', 'unlike-own']],
  ])('tells of %s', (_, found, kinds) => {
    expect(faceWarnings({ ...compared, ...found }).map(({ kind }) => kind)).toEqual(kinds);
  });

  it('says whom, and at which distance', () => {
    const [warning] = faceWarnings({
      ...compared,
      other: { person: ben, distance: 0.4 },
      ownDistance: undefined,
    });
    expect(warning).toMatchObject({ person: ben, distance: 0.4 });
    expect(warning!.message).toContain('looks like Ben at distance 0.40 (one person up to 1.00)');
  });
});

describe('nameWarnings', () => {
  const others = (name: string, ...names: string[]) =>
    nameWarnings(
      name,
      names.map((other) => ({ id: other, name: other })),
    ).map(({ person }) => person.name);

  it('tells names apart that are read the same', () => {
    expect(others('barack', 'Barack', 'Bara\u200Bck', 'BARACK\uFE0F', 'Baruch')).toEqual([
      'Barack',
      'Bara\u200Bck',
      'BARACK\uFE0F',
    ]);
    expect(others('Straße', 'STRASSE', 'Ｓtraße')).toEqual(['STRASSE', 'Ｓtraße']);
    expect(others('Ana', 'Ana', 'Anna', 'Aná')).toEqual([]);
  });
});
