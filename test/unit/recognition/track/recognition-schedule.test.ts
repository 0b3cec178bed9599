import { describe, expect, it } from 'vitest';
import { shouldObserve } from '../../../../src/recognition/track/recognition-schedule.js';
import type { TrackProgress } from '../../../../src/recognition/track/recognition-schedule.js';

const fresh: TrackProgress = {
  lastSubmittedAt: undefined,
  inFlight: false,
  observations: 0,
  settled: false,
  bestQuality: 0,
};
const seen: TrackProgress = { ...fresh, lastSubmittedAt: 1000, bestQuality: 0.5 };
const settled: TrackProgress = { ...seen, settled: true };

/** Moments, 10 ms apart, at which a track with results that arrive at once is observed. */
function observationsWithin(ms: number, progress: TrackProgress): number[] {
  const at: number[] = [];
  let now = progress;
  for (let time = 0; time <= ms; time += 10) {
    if (!shouldObserve(now, 0.5, time)) continue;
    at.push(time);
    now = { ...now, lastSubmittedAt: time, observations: now.observations + 1, bestQuality: 0.5 };
  }
  return at;
}

describe('shouldObserve', () => {
  it('observes a new track at once', () => {
    expect(shouldObserve(fresh, 0.3, 0)).toBe(true);
  });

  it('never has two observations under way', () => {
    expect(shouldObserve({ ...fresh, inFlight: true }, 1, 0)).toBe(false);
    expect(shouldObserve({ ...seen, inFlight: true }, 1, 1e9)).toBe(false);
  });

  it('observes often until there is a decision: five times within half a second', () => {
    expect(observationsWithin(500, fresh)).toEqual([0, 120, 240, 360, 480]);
  });

  it('observes less often when many observations led nowhere', () => {
    const late = observationsWithin(60_000, fresh).slice(-10);
    late.slice(1).forEach((time, index) => expect(time - late[index]!).toBe(1000));
  });

  it('observes seldom and ever less often once decided', () => {
    const at = observationsWithin(100_000, { ...settled, lastSubmittedAt: 0 });
    const gaps = [0, ...at].slice(1).map((time, index) => time - [0, ...at][index]!);
    expect(gaps).toEqual([3000, 6000, 12_000, 24_000, 24_000, 24_000]);
  });

  it('observes a clearly better crop, decided or not, but not at one just as good', () => {
    expect(shouldObserve(settled, 0.75, 1200)).toBe(true);
    expect(shouldObserve(settled, 0.6, 1200)).toBe(false);
    expect(shouldObserve(settled, 0.75, 1050)).toBe(false);
  });
});
