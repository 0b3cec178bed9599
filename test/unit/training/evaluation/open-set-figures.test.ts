import { describe, expect, it } from 'vitest';
import { clopperPearson } from '../../../../src/training/evaluation/binomial-interval.js';
import { openSetFigures, type OpenSetSearch } from '../../../../src/training/evaluation/open-set-figures.js';

describe('the interval of Clopper and Pearson', () => {
  it('agrees with R’s binom.test for 3 of 10', () => {
    const { low, high } = clopperPearson(3, 10);
    expect(low).toBeCloseTo(0.06673951, 7);
    expect(high).toBeCloseTo(0.65245285, 7);
  });

  it('has the closed form for none and for all', () => {
    const bound = 0.025 ** (1 / 1000);
    expect(clopperPearson(0, 1000)).toEqual({ low: 0, high: expect.closeTo(1 - bound, 10) as number });
    expect(clopperPearson(1000, 1000)).toEqual({ low: expect.closeTo(bound, 10) as number, high: 1 });
  });

  it('is the same seen from the other side, also for many trials', () => {
    const [few, many] = [clopperPearson(42, 100_000, 0.9), clopperPearson(99_958, 100_000, 0.9)];
    expect(few.low).toBeCloseTo(1 - many.high, 9);
    expect(few.high).toBeCloseTo(1 - many.low, 9);
    expect(few.low).toBeLessThan(42e-5);
    expect(few.high).toBeGreaterThan(42e-5);
  });

  it('knows nothing without a trial', () => {
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('open-set figures', () => {
  const search = (group: string, mate: string | null, named: string | null, found = true): OpenSetSearch => ({
    ...{ group, mate, named, found },
  });
  const searches = [
    search('day', null, null),
    search('day', null, 'Ann'),
    search('day', 'Ann', 'Ann'),
    search('night', null, null, false),
    search('night', 'Ann', 'Bea'),
    search('night', 'Ann', null),
  ];

  it('counts by group and in all', () => {
    const [day, night, all] = openSetFigures(searches);
    expect(day).toMatchObject({
      group: 'day',
      fpir: { count: 1, of: 2, rate: 0.5 },
      fnir: { count: 0, of: 1, rate: 0 },
      misnamed: { count: 0 },
      missed: 0,
    });
    expect(night).toMatchObject({
      group: 'night',
      fpir: { count: 0, of: 1 },
      fnir: { count: 2, of: 2, rate: 1 },
      misnamed: { count: 1, of: 2 },
      missed: 1,
    });
    expect(all).toMatchObject({ group: 'all', fpir: { count: 1, of: 3 }, fnir: { count: 2, of: 3 } });
  });

  it('has one row where there is one group, and no rate of nothing', () => {
    const figures = openSetFigures([search('', null, null)]);
    expect(figures).toHaveLength(1);
    expect(figures[0]).toMatchObject({ fpir: { rate: 0 }, fnir: { rate: null, low: 0, high: 1 } });
  });
});
