import { describe, expect, it } from 'vitest';
import { identificationVerdict, type Answer } from '../../../../src/training/comparison/identification.js';
import { seededRandom } from '../../../../src/training/random.js';
import { range } from '../made-up.js';

describe('identificationVerdict', () => {
  const random = () => seededRandom(1);
  const answers = (count: number, change: (index: number) => Partial<Answer>): Answer[] =>
    range(count).map((index) => ({
      person: `p${index}`,
      stranger: true,
      plain: 'somebody',
      trained: null,
      ...change(index),
    }));

  it('takes the photos of one stranger for one piece of evidence', () => {
    const one = answers(8, () => ({ person: 'p0' }));
    expect(identificationVerdict(one, 1, random())).toMatchObject({ switchedOn: false });
    const eight = answers(8, () => ({}));
    expect(identificationVerdict(eight, 1, random())).toMatchObject({ switchedOn: true });
  });

  it('takes every photo of somebody known for one', () => {
    const known = answers(8, () => ({ person: 'p0', stranger: false, plain: null, trained: 'p0' }));
    const { switchedOn, pValue } = identificationVerdict(known, 1, random());
    expect(switchedOn).toBe(true);
    expect(pValue).toBeCloseTo(1 / 2 ** 8, 2);
    expect(identificationVerdict(known, 20, random()).switchedOn).toBe(false);
  });

  it('never switches on what gives more false names', () => {
    const mixed = answers(20, (index) =>
      index === 0
        ? { plain: null, trained: 'somebody' }
        : { stranger: false, plain: null, trained: `p${index}` },
    );
    expect(identificationVerdict(mixed, 1, random())).toMatchObject({ switchedOn: false });
  });
});
