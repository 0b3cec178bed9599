import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cameraOnline } from '../../../src/events/build-event.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { EventIds, eventIdPattern } from '../../../src/events/event-id.js';
import type { SightlineEvent } from '../../../src/events/identity-event.js';

const draft = cameraOnline({ id: 'door', name: 'Front door' });

describe('EventBus', () => {
  it('hands every event to every listener until it leaves', () => {
    const bus = new EventBus();
    const heard: SightlineEvent[] = [];
    const leave = bus.subscribe((event) => heard.push(event));
    const first = bus.publish(draft);
    leave();
    leave();
    bus.publish(draft);
    expect(heard).toEqual([first]);
  });

  it('lets no listener break the publisher or the others', () => {
    const failures: unknown[] = [];
    const bus = new EventBus({ onListenerError: (error) => failures.push(error) });
    const heard: string[] = [];
    bus.subscribe(() => {
      throw new Error('broken');
    });
    bus.subscribe(({ id }) => heard.push(id));
    const { id } = bus.publish(draft);
    expect(heard).toEqual([id]);
    expect(failures).toEqual([new Error('broken')]);
  });

  it('takes listeners that come and go while an event is handed out', () => {
    const bus = new EventBus();
    const heard: string[] = [];
    const leaveFirst = bus.subscribe(() => {
      leaveFirst();
      bus.subscribe(() => heard.push('late'));
      heard.push('first');
    });
    bus.subscribe(() => heard.push('second'));
    bus.publish(draft);
    expect(heard).toEqual(['first', 'second']);
    bus.publish(draft);
    expect(heard).toEqual(['first', 'second', 'second', 'late']);
  });

  it('keeps the newest events and replays those after an id, kept or not', () => {
    const bus = new EventBus({ capacity: 3 });
    const [first, second, third, fourth] = [1, 2, 3, 4].map(() => bus.publish(draft));
    expect(bus.recent(10)).toEqual([second, third, fourth]);
    expect(bus.recent(2)).toEqual([third, fourth]);
    expect(bus.recent(0)).toEqual([]);
    expect(bus.since(third?.id ?? '')).toEqual([fourth]);
    expect(bus.since(first?.id ?? '')).toEqual([second, third, fourth]);
    expect(bus.since(fourth?.id ?? '')).toEqual([]);
  });
});

describe('an EventBus that goes on after an earlier run', () => {
  it('stamps ids after the last one, and says what has left the memory', () => {
    const last = new EventIds().next(Date.now() + 3_600_000);
    const bus = new EventBus({ capacity: 1 });
    expect([bus.newest, bus.newestGone]).toEqual(['', '']);
    bus.continueAfter(last);
    expect([bus.newest, bus.newestGone]).toEqual([last, last]);
    const [first, second] = [bus.publish(draft), bus.publish(draft)];
    expect([last, first.id, second.id]).toEqual([last, first.id, second.id].toSorted());
    expect([bus.newest, bus.newestGone]).toEqual([second.id, first.id]);
  });
});

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
});
