import { describe, expect, it } from 'vitest';
import { shouldObserve } from '../../../../src/recognition/track/recognition-schedule.js';
import type { TrackProgress } from '../../../../src/recognition/track/recognition-schedule.js';

const fresh: TrackProgress = {
  lastSubmittedAt: undefined,
  inFlight: false,
  observations: 0,
  settled: false,
  isInDoubt: false,
  bestQuality: 0,
};
const seen: TrackProgress = { ...fresh, lastSubmittedAt: 1000, bestQuality: 0.5 };
const settled: TrackProgress = { ...seen, settled: true };

/** Searches, 10 ms apart unless told otherwise, at which a track with results that arrive at once is observed. */
function observationsWithin(ms: number, progress: TrackProgress, searchMs = 10): number[] {
  const at: number[] = [];
  let now = progress;
  for (let time = 0; time <= ms; time += searchMs) {
    if (!shouldObserve(now, 0.5, time, searchMs)) continue;
    at.push(time);
    now = { ...now, lastSubmittedAt: time, observations: now.observations + 1, bestQuality: 0.5 };
  }
  return at;
}

describe('shouldObserve', () => {
  it('observes a new track at once', () => {
    expect(shouldObserve(fresh, 0.3, 0, 0)).toBe(true);
  });

  it('never has two observations under way', () => {
    expect(shouldObserve({ ...fresh, inFlight: true }, 1, 0, 100)).toBe(false);
    expect(shouldObserve({ ...seen, inFlight: true, isInDoubt: true }, 1, 1e9, 100)).toBe(false);
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
    expect(gaps.slice(0, 5)).toEqual([3000, 6000, 6000, 6000, 6000]);
  });

  it('observes a clearly better crop, decided or not, but not at one just as good', () => {
    expect(shouldObserve(settled, 0.75, 1200, 100)).toBe(true);
    expect(shouldObserve(settled, 0.6, 1200, 100)).toBe(false);
    expect(shouldObserve(settled, 0.75, 1050, 40)).toBe(false);
  });

  it.each([
    [40, [0, 120, 240, 360, 480]],
    [100, [0, 100, 200, 300, 400, 500]],
    [125, [0, 125, 250, 375, 500]],
    [250, [0, 250, 500]],
    [1000, [0]],
  ])('observes an undecided track about every 120 ms, or at each search: every %i ms', (searchMs, at) => {
    expect(observationsWithin(500, fresh, searchMs)).toEqual(at);
  });

  it('observes a track in doubt at each search, however well it is settled', () => {
    expect(observationsWithin(400, { ...settled, isInDoubt: true }, 100)).toEqual([0, 100, 200, 300, 400]);
  });

  it.each([1000, 2000])('observes a settled track at each search when they are %i ms apart', (searchMs) => {
    const times = [0, 1, 2, 3, 4].map((search) => search * searchMs);
    expect(observationsWithin(4 * searchMs, { ...settled, lastSubmittedAt: 0 }, searchMs)).toEqual(times);
  });
});
