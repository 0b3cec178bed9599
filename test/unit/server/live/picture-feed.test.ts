import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameThrottle, variantFor, withinBudget } from '../../../../src/server/live/picture-feed.js';

/** How many frames pass of a camera at `cameraFps` over `seconds`, each up to `jitterMs` early or late. */
function passed(
  limit: number | null,
  cameraFps: number,
  seconds: number,
  jitter: (index: number) => number,
): number {
  const throttle = new FrameThrottle(limit);
  const frames = Array.from({ length: cameraFps * seconds }, (_, i) => (i * 1000) / cameraFps + jitter(i));
  return frames.filter((atMs) => throttle.admits(atMs)).length;
}

const steady = () => 0;

describe('FrameThrottle', () => {
  it('lets everything through without a limit', () => {
    expect(passed(null, 25, 4, steady)).toBe(100);
  });

  it('keeps the rate on average where it divides the camera unevenly', () => {
    expect(Math.abs(passed(10, 25, 100, steady) - 1000)).toBeLessThanOrEqual(1);
    expect(Math.abs(passed(0.5, 25, 100, steady) - 50)).toBeLessThanOrEqual(1);
  });

  it('spaces the first frames too, and those after a gap', () => {
    const throttle = new FrameThrottle(1);
    expect([0, 1, 999, 10_000, 10_001].map((atMs) => throttle.admits(atMs))).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('loses nothing to jitter when the camera is as fast as the limit', () => {
    expect(passed(25, 25, 4, (index) => (index % 2 === 0 ? 4 : -4))).toBe(100);
  });

  it('never passes more than the limit over a long time, whatever the frames do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (limit, gapsMs) => {
          const throttle = new FrameThrottle(limit);
          let nowMs = 0;
          const count = gapsMs.filter((gapMs) => throttle.admits((nowMs += gapMs))).length;
          expect(count).toBeLessThanOrEqual(Math.floor((nowMs * limit) / 1000) + 2);
        },
      ),
    );
  });
});

describe('withinBudget', () => {
  it('takes any frame on an empty line, and only what fits on a filled one', () => {
    expect(withinBudget(0, 5000, 1000)).toBe(true);
    expect(withinBudget(1, 5000, 1000)).toBe(false);
    expect(withinBudget(400, 600, 1000)).toBe(true);
    expect(withinBudget(401, 600, 1000)).toBe(false);
  });

  it('never holds more than the budget or one frame', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 2000 })),
        fc.integer({ min: 1, max: 3000 }),
        (frames, budget) => {
          let buffered = 0;
          for (const bytes of frames) if (withinBudget(buffered, bytes, budget)) buffered += bytes;
          expect(buffered).toBeLessThanOrEqual(Math.max(budget, ...frames));
        },
      ),
    );
  });
});

describe('variantFor', () => {
  it('asks for the whole picture once, however wide the wish', () => {
    expect(variantFor({ width: 1920, overlay: true }, { width: 640 })).toEqual({
      width: null,
      overlay: true,
    });
    expect(variantFor({ width: 640, overlay: true }, { width: 640 }).width).toBeNull();
    expect(variantFor({ width: 639, overlay: false }, { width: 640 })).toEqual({
      width: 639,
      overlay: false,
    });
    expect(variantFor({ width: 1920, overlay: true }, { width: null }).width).toBe(1920);
  });
});
