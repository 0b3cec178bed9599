import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventIds, eventIdPattern } from '../../../src/events/event-id.js';

describe('EventIds', () => {
  it('sort in the order of making, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 48 - 2 }), { maxLength: 50 }), (clock) => {
        const ids = new EventIds();
        const made = clock.flatMap((nowMs) => [ids.next(nowMs), ids.next(nowMs)]);
        expect(made).toEqual([...new Set(made)].sort());
        expect(made.every((id) => eventIdPattern.test(id))).toBe(true);
      }),
    );
  });

  it('begin with the time', () => {
    expect(new EventIds().next(0).slice(0, 10)).toBe('0000000000');
    // The example of the ULID specification.
    expect(new EventIds().next(1469918176385).slice(0, 10)).toBe('01ARYZ6S41');
  });

  it('go on after those of an earlier run though the clock was set back, and differ between two processes', () => {
    const last = new EventIds().next(3_600_000);
    const made = [new EventIds(), new EventIds()].map((ids) => {
      ids.continueAfter(last);
      return [0, 0, 0].map((nowMs) => ids.next(nowMs));
    });
    for (const ids of made) expect([last, ...ids]).toEqual([last, ...ids].toSorted());
    expect(new Set(made.flat()).size).toBe(6);
  });
});
