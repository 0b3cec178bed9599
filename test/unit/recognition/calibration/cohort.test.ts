import { describe, expect, it } from 'vitest';
import type { UnknownPerson } from '../../../../src/core/track-store.js';
import { chooseCohort } from '../../../../src/recognition/calibration/cohort.js';

const dayMs = 86_400_000;

function unknownPerson(number: number, day: number, seen = 1): UnknownPerson {
  const firstSeenAt = day * dayMs + number;
  return { id: `u${number}`, number, seen, firstSeenAt, lastSeenAt: firstSeenAt, cameras: ['door'] };
}

function many(count: number, day: number, from: number): UnknownPerson[] {
  return Array.from({ length: count }, (_, index) => unknownPerson(from + index, day));
}

describe('chooseCohort', () => {
  it('takes everybody while they are few', () => {
    const people = [...many(7, 1, 0), ...many(3, 2, 100)];
    expect(new Set(chooseCohort(people))).toEqual(new Set(people));
  });

  it('takes no more than twenty of a day, so that a flood of faces counts little', () => {
    const usual = [1, 2, 3, 4, 5].flatMap((day) => many(15, day, day * 100));
    const chosen = chooseCohort([...usual, ...many(900, 6, 5000)]);
    expect(chosen.filter(({ number }) => number >= 5000)).toHaveLength(20);
    expect(chosen).toHaveLength(95);
  });

  it('prefers who came on more tracks, and the newest days', () => {
    const people = [...many(30, 1, 0), unknownPerson(99, 1, 40)];
    expect(chooseCohort(people)[0]).toMatchObject({ number: 99 });
    const days = Array.from({ length: 40 }, (_, day) => many(10, day, day * 100)).flat();
    const chosen = chooseCohort(days);
    expect(chosen).toHaveLength(200);
    expect(Math.min(...chosen.map(({ number }) => number))).toBe(2000);
  });
});
