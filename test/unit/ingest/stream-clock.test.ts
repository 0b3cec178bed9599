import { expect, it, vi } from 'vitest';
import { StreamClock } from '../../../src/ingest/stream-clock.js';

it('tells when a picture was taken that waited, by those that did not', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const clock = new StreamClock();
    const start = performance.now();
    expect(clock.takenAt(777)).toBe(start);
    expect(clock.arrived(5000)).toBe(start);
    vi.advanceTimersByTime(80);
    expect(clock.takenAt(5040)).toBe(start + 40);
    expect(clock.takenAt(2000)).toBe(start - 3000);
    // Pictures cannot come from the future, whatever their times say.
    expect(clock.takenAt(9000)).toBe(start + 80);
    // The clock of the stream was set back.
    expect(clock.arrived(100)).toBe(start + 80);
    expect(clock.takenAt(90)).toBe(start + 70);
  } finally {
    vi.useRealTimers();
  }
});
