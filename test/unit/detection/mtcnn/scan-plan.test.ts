import { describe, expect, it } from 'vitest';
import type { Box } from '../../../../src/core/geometry.js';
import type { RgbImage } from '../../../../src/core/image.js';
import { cutIntoStrips, pyramidLevels, type Strip } from '../../../../src/detection/mtcnn/pyramid.js';
import { ScanPlan } from '../../../../src/detection/mtcnn/scan-plan.js';

const [width, height] = [1280, 720];
const levels = pyramidLevels(width, height, 40);
const pixelsOf = (strips: readonly Strip[]): number =>
  strips.reduce((sum, { columnCount, rowCount }) => sum + columnCount * rowCount, 0);
const wholePixels = pixelsOf(levels.flatMap(cutIntoStrips));
const largestBlock = 12_000;

/** A grey picture with a lighter square. */
function pictureWith({ x, y, width: side }: Box): RgbImage {
  const data = new Uint8Array(grey.data);
  for (let row = Math.floor(y); row < y + side; row++) {
    data.fill(150, (row * width + Math.floor(x)) * 3, (row * width + Math.floor(x + side)) * 3);
  }
  return { width, height, data };
}

function plain(brightness: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(brightness) };
}

const grey = plain(120);

/** Places all over the picture in which faces of several sizes could be. */
const places: Box[] = [44, 90, 200, 400].flatMap((side) =>
  [0, 0.5, 0.81, 1].flatMap((right) =>
    [0, 0.34, 1].map((down) => ({
      x: right * (width - side - 20),
      y: down * (height - side - 20),
      width: side,
      height: side,
    })),
  ),
);

/** Whether one of the strips has the window in which P-Net would find a face of this size here. */
function isSearched({ x, y, width: side }: Box, strips: readonly Strip[]): boolean {
  const best = levels.toSorted((a, b) => Math.abs(12 / a.scale - side) - Math.abs(12 / b.scale - side))[0]!;
  const column = 2 * Math.floor((x * best.scale) / 2);
  const row = 2 * Math.floor((y * best.scale) / 2);
  return strips.some(
    ({ level, firstRow, rowCount, firstColumn, columnCount }) =>
      level.scale === best.scale &&
      column >= firstColumn &&
      column + 12 <= firstColumn + columnCount &&
      row >= firstRow &&
      row + 12 <= firstRow + rowCount,
  );
}

interface Watched {
  /** Pixels searched in each frame after the first. */
  readonly pixels: readonly number[];
  /** The longest time that a place was not searched for. */
  readonly longestMs: number;
}

/** Runs a plan for some time. */
function watch(pictureOf: (frame: number) => RgbImage, rate: number, seconds: number): Watched {
  const plan = new ScanPlan(width, height, 40);
  const pixels: number[] = [];
  const searchedAt = new Map(places.map((place) => [place, 0]));
  let longestMs = 0;
  plan.next(pictureOf(0), 0);
  for (let frame = 1; frame <= seconds * rate; frame++) {
    const timeMs = (frame * 1000) / rate;
    const strips = plan.next(pictureOf(frame), timeMs);
    pixels.push(pixelsOf(strips));
    for (const place of places) {
      longestMs = Math.max(longestMs, timeMs - searchedAt.get(place)!);
      if (isSearched(place, strips)) searchedAt.set(place, timeMs);
    }
  }
  return { pixels, longestMs };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the first frame', () => {
  it('is searched whole', () => {
    expect(new ScanPlan(width, height, 40).next(grey, 123)).toEqual(levels.flatMap(cutIntoStrips));
  });
});

describe.each([25, 10, 5, 2, 1])('at %i searches a second', (rate) => {
  it('a picture that changes everywhere is searched whole twice a second, or once if searches are few', () => {
    const { pixels, longestMs } = watch((frame) => plain((frame * 37) % 200), rate, 6);
    const scansASecond = rate >= 10 ? 2 : 1;
    expect(longestMs).toBeLessThanOrEqual(1200 / scansASecond);
    // What the first frame took has to be saved again before more is searched.
    expect(sum(pixels)).toBeLessThanOrEqual(6 * scansASecond * wholePixels + pixels.length * largestBlock);
    // What is due for its changes and for its age is rounded up to whole blocks, and one may be left from before.
    const mostInOne = (scansASecond / rate + 1 / 4 / rate) * wholePixels;
    expect(Math.max(...pixels)).toBeLessThanOrEqual(mostInOne + 3 * largestBlock);
  });

  it('a still picture is searched whole every four seconds', () => {
    const { pixels, longestMs } = watch(() => grey, rate, 20);
    expect(longestMs).toBeLessThanOrEqual(4000 + 2 * Math.max(200, 1000 / rate));
    expect(sum(pixels)).toBeLessThanOrEqual(20 * 0.25 * 1.2 * wholePixels);
    expect(Math.max(...pixels)).toBeLessThanOrEqual(wholePixels / 4 / rate + largestBlock);
  });

  it('a place in which something appears is searched at once, and little else', () => {
    const intervalMs = 1000 / rate;
    for (const place of places.filter((_, index) => index % 3 === 1)) {
      const plan = new ScanPlan(width, height, 40);
      plan.next(grey, 0);
      plan.next(grey, 1000);
      // A part that was searched just before the place appeared in it rests for 150 ms.
      const strips: Strip[] = [];
      for (let frame = 1; (frame - 1) * intervalMs < 150; frame++) {
        strips.push(...plan.next(pictureWith(place), 1000 + frame * intervalMs));
      }
      expect(isSearched(place, strips)).toBe(true);
      if (place.width < 100)
        expect(pixelsOf(strips)).toBeLessThan((0.5 + 1 / 4 / rate) * wholePixels + largestBlock);
    }
  });
});

describe('what counts as change', () => {
  it('is not the noise of a sensor', () => {
    let state = 1;
    const noisy = Array.from({ length: 3 }, () => ({
      ...grey,
      data: grey.data.map(() => {
        state = (state * 16_807) % 2_147_483_647;
        return 110 + (state % 21);
      }),
    }));
    const { pixels } = watch((frame) => noisy[frame % 3]!, 10, 10);
    expect(sum(pixels)).toBeLessThan(10 * 0.25 * 1.3 * wholePixels);
  });

  it('is a place that is to be searched again', () => {
    const plan = new ScanPlan(width, height, 40);
    plan.next(grey, 0);
    const place = places[10]!;
    plan.next(grey, 500);
    plan.searchAgain(place);
    expect(isSearched(place, plan.next(grey, 1000))).toBe(true);
  });
});
