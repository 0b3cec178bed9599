import { describe, expect, it } from 'vitest';
import type { Detection, Track } from '../../../src/core/face.js';
import type { Box } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { Tracker } from '../../../src/tracking/tracker.js';
import { detectionTimes, face, noisy, Random } from './scene.js';

const rates = [0.5, 1, 2, 5, 10, 25];

/** A detection with landmarks as a face that looks ahead has them; `turned` shifts the nose, in distances of the eyes. */
function seen({ x, y, width, height }: Box, turned = 0): Detection {
  const at = (right: number, down: number) => ({ x: x + right * width, y: y + down * height });
  const nose = at(0.5 + 0.4 * turned, 0.6);
  return {
    box: { x, y, width, height },
    score: 0.9,
    landmarks: [at(0.3, 0.4), at(0.7, 0.4), nose, at(0.35, 0.8), at(0.65, 0.8)],
  };
}

/** Follows one face at a steady rate until `seconds`, and returns the tracker and the time of the next search. */
function settled(
  perSecond: number,
  seconds = 6 / perSecond,
): { tracker: Tracker; next: number; step: number } {
  const tracker = new Tracker();
  const step = 1000 / perSecond;
  let next = 0;
  for (; next <= seconds * 1000; next += step) tracker.update([seen(face(300, 300))], next);
  return { tracker, next, step };
}

const only = (tracks: readonly Track[]): Track => {
  expect(tracks).toHaveLength(1);
  return tracks[0]!;
};

describe.each(rates)('at %d searches a second', (perSecond) => {
  const step = 1000 / perSecond;

  it('a face that stays is confirmed within two more searches and keeps its track, without a doubt', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const tracker = new Tracker();
      const ids = new Set<number>();
      let searches = 0;
      for (const time of detectionTimes(random, perSecond, 20 * step)) {
        const { tracks } = tracker.update([noisy(face(300, 300), random)], time);
        const track = only(tracks);
        ids.add(track.id);
        searches++;
        if (searches >= 3) expect(track.state).toBe('confirmed');
        expect(track.doubt).toBeUndefined();
      }
      expect([...ids]).toEqual([1]);
    }
  });

  it('a face that is not found once in a while keeps its track', () => {
    const random = new Random(7);
    const tracker = new Tracker();
    const ids = new Set<number>();
    let search = 0;
    for (const time of detectionTimes(random, perSecond, 30 * step)) {
      const found = search++ % 3 === 2 ? [] : [noisy(face(300, 300), random)];
      for (const { id } of tracker.update(found, time).tracks) ids.add(id);
    }
    expect([...ids]).toEqual([1]);
  });

  it('a face that moves by half its size a search keeps its track', () => {
    const tracker = new Tracker();
    for (let search = 0; search < 8; search++) {
      const { tracks } = tracker.update([seen(face(100 + 50 * search, 300))], search * step);
      expect(only(tracks).id).toBe(1);
    }
  });

  it('a face that was hidden for .6 s or a search, whichever is longer, comes back in doubt', () => {
    const { tracker, next } = settled(perSecond);
    const back = next + Math.max(600, step);
    for (let time = next; time < back; time += step) tracker.update([], time);
    const { tracks } = tracker.update([seen(face(302, 300))], back);
    expect(only(tracks)).toMatchObject({ id: 1, doubt: { ordinal: 1, reason: 'hidden' } });
  });

  it('a face that is gone for good ends, and another one at its place gets a track of its own', () => {
    const { tracker, next } = settled(perSecond);
    const ended: number[] = [];
    const back = next + Math.max(2000, 4 * step);
    for (let time = next; time < back; time += step) {
      ended.push(...tracker.update([], time).ended.map(({ id }) => id));
    }
    expect(ended).toEqual([1]);
    expect(only(tracker.update([seen(face(300, 300))], back).tracks).id).toBe(2);
  });
});

describe('a doubt', () => {
  it.each([
    ['jumped', seen(face(370, 300))],
    ['changed', seen(face(300, 300, 135))],
    ['changed', seen(face(300, 300), 0.6)],
  ])('arises when the face %s from one search to the next', (reason, detection) => {
    const { tracker, next } = settled(10);
    const { tracks } = tracker.update([detection], next);
    expect(only(tracks)).toMatchObject({ id: 1, doubt: { ordinal: 1, reason } });
  });

  it('arises when the face looks different though it is where it was', () => {
    const picture = (waves: number): RgbImage => ({
      width: 640,
      height: 480,
      data: Uint8Array.from({ length: 640 * 480 * 3 }, (_, index) => {
        const column = Math.floor(index / 3) % 640;
        return Math.round(128 + 100 * Math.sin((column / 640) * waves));
      }),
    });
    const [one, other] = [picture(60), picture(95)];
    const tracker = new Tracker();
    for (let time = 0; time <= 500; time += 100) {
      expect(only(tracker.update([seen(face(300, 300))], time, one).tracks).doubt).toBeUndefined();
    }
    const { tracks } = tracker.update([seen(face(300, 300))], 600, other);
    expect(only(tracks).doubt).toEqual({ ordinal: 1, reason: 'changed' });
  });

  it('arises about both faces that were in one place', () => {
    const tracker = new Tracker();
    const reasons = new Map<number, string>();
    for (let time = 0; time <= 3000; time += 100) {
      const [left, right] = [face(200 + time / 10, 300), face(500 - time / 10, 300)];
      const { tracks } = tracker.update([seen(left), seen(right)], time);
      for (const { id, doubt } of tracks) if (doubt) reasons.set(id, doubt.reason);
    }
    expect(Object.fromEntries(reasons)).toEqual({ 1: 'overlapped', 2: 'overlapped' });
  });

  it('that proves right ends the track as it was before, and starts one for the other face', () => {
    const { tracker, next } = settled(10);
    const lastSeenAt = next - 100;
    for (let time = next; time < next + 600; time += 100) tracker.update([], time);
    tracker.update([seen(face(300, 300))], next + 600);
    tracker.update([seen(face(300, 300))], next + 700);
    expect(tracker.split(1)).toMatchObject({
      ended: { id: 1, state: 'lost', lastSeenAt, hits: 7 },
      started: { id: 2, state: 'confirmed', firstSeenAt: next + 600, lastSeenAt: next + 700, hits: 2 },
    });
    expect(tracker.split(1)).toBeUndefined();
    const { tracks, started, ended } = tracker.update([seen(face(300, 300))], next + 800);
    expect(only(tracks)).toMatchObject({ id: 2, doubt: undefined });
    expect([started, ended]).toEqual([[], []]);
  });

  it('that was settled does not reach back any more', () => {
    const { tracker, next } = settled(10);
    tracker.update([seen(face(370, 300))], next);
    tracker.trust(1, 1);
    const { tracks } = tracker.update([seen(face(300, 300), 0.6)], next + 100);
    expect(only(tracks).doubt?.ordinal).toBe(2);
    // An answer to the doubt before settles nothing.
    tracker.trust(1, 1);
    expect(tracker.split(1)?.ended.lastSeenAt).toBe(next);
  });
});

describe('the interval in force', () => {
  it('follows a change of pace within a few searches, and takes a pause for none', () => {
    const { tracker, next } = settled(10);
    expect(tracker.intervalMs).toBeCloseTo(100);
    let time = next;
    for (let search = 0; search < 4; search++) tracker.update([], (time += 1000));
    expect(tracker.intervalMs).toBeGreaterThan(900);
    tracker.update([], time + 3_600_000);
    expect(tracker.intervalMs).toBeLessThanOrEqual(4000);
  });

  it('lets a face that sits still through a sudden change from 10 searches a second to one in 2 s keep its track', () => {
    const { tracker, next } = settled(10);
    for (let search = 0; search < 5; search++) {
      const { tracks, ended } = tracker.update([seen(face(300, 300))], next + 2000 * search);
      expect(only(tracks).id).toBe(1);
      expect(ended).toEqual([]);
    }
  });
});
