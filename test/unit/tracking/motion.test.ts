import { describe, expect, it } from 'vitest';
import type { YuvImage } from '../../../src/core/image.js';
import { lumaGrid } from '../../../src/tracking/luma-grid.js';
import { Motion } from '../../../src/tracking/motion.js';
import { Random } from './scene.js';

/** Half of full HD along each side, so that drawing takes less time; lengths below are in pixels of full HD. */
const [width, height] = [960, 540];
const scale = 0.5;
const frameMs = 100;

/** Draws on the luma plane of the frame of a time in seconds. */
type Draw = (luma: Uint8Array, seconds: number, random: Random) => void;

function rectangle(luma: Uint8Array, x: number, y: number, w: number, h: number, change: number): void {
  const [left, right, top, bottom] = [x, x + w, y, y + h].map((side) => Math.round(side * scale)) as [
    number,
    number,
    number,
    number,
  ];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) luma[row * width + column]! += change;
  }
}

/** Blocks of 16 × 16 pixels, each with another brightness, as a plain textured scene. */
function scene(): Uint8Array {
  const random = new Random(7);
  const columns = Math.ceil(width / 16);
  const blocks = Array.from({ length: columns * Math.ceil(height / 16) }, () => random.between(50, 180));
  return Uint8Array.from({ length: width * height }, (_, i) => {
    return blocks[Math.floor(Math.floor(i / width) / 16) * columns + Math.floor((i % width) / 16)]!;
  });
}

/** Noise of one sensor, drawn once: a million random numbers for each frame would take too long. */
function noise(deviation: number): Int8Array {
  const random = new Random(3);
  return Int8Array.from({ length: 1_000_003 }, () => Math.round(random.normal(deviation)));
}

const background = scene();

/** Times in seconds at which something moves, the first picture left out. */
function movements(seconds: number, deviation: number, draw: Draw): number[] {
  const motion = new Motion();
  const random = new Random(1);
  const grain = noise(deviation);
  const moving = [];
  for (let time = 0; time < seconds * 1000; time += frameMs) {
    const luma = background.slice();
    draw(luma, time / 1000, random);
    let at = Math.floor(random.between(0, grain.length));
    for (let i = 0; i < luma.length; i++) {
      luma[i] = Math.max(16, Math.min(235, luma[i]! + grain[at]!));
      if (++at === grain.length) at = 0;
    }
    const image: YuvImage = { width, height, data: luma, matrix: 'bt709' };
    if (motion.isMoving(lumaGrid(image), time) && time > 0) moving.push(time / 1000);
  }
  return moving;
}

const nothing: Draw = () => undefined;

describe('Motion', () => {
  it.each([0, 5, 12])('sees none in sensor noise of %d grey levels', (deviation) => {
    expect(movements(6, deviation, nothing)).toEqual([]);
  });

  it('sees none where an encoder draws every block afresh twice a second', () => {
    const columns = width / 16;
    const drawKeyFrame: Draw = (luma, seconds) => {
      const random = new Random(Math.floor(seconds * 2));
      const shifts = Array.from({ length: columns * Math.ceil(height / 16) }, () =>
        Math.round(random.normal(1.5)),
      );
      for (let i = 0; i < luma.length; i++) {
        luma[i]! += shifts[Math.floor(Math.floor(i / width) / 16) * columns + Math.floor((i % width) / 16)]!;
      }
    };
    expect(movements(6, 3, drawKeyFrame)).toEqual([]);
  });

  it('sees none while the light changes by a fifth in ten seconds, but sees a lamp that is switched on', () => {
    const light = (factor: (seconds: number) => number): Draw => {
      return (luma, seconds) => luma.forEach((value, i) => (luma[i] = value * factor(seconds)));
    };
    expect(
      movements(
        10,
        3,
        light((seconds) => 1 - 0.02 * seconds),
      ),
    ).toEqual([]);
    expect(
      movements(
        6,
        3,
        light((seconds) => (seconds < 4 ? 0.7 : 1)),
      )[0],
    ).toBe(4);
  });

  it.each([18, -18])(
    'sees at once who walks in the distance, 60 pixels high, %d levels from the background',
    (contrast) => {
      const walk: Draw = (luma, seconds) => {
        if (seconds >= 4) rectangle(luma, 700 + 50 * (seconds - 4), 400, 20, 60, contrast);
      };
      const seen = movements(7, 5, walk);
      expect(seen[0]).toBe(4);
      expect(seen.length).toBeGreaterThan(25);
    },
  );

  it('sees a movement that fills the picture', () => {
    const pass: Draw = (luma, seconds) => {
      if (seconds >= 3) rectangle(luma, 300 * (seconds - 3), 100, 900, 900, -40);
    };
    expect(movements(5, 5, pass)[0]).toBe(3);
  });

  it('gets used to a clock that ticks in the picture, and still sees who walks elsewhere', () => {
    const draw: Draw = (luma, seconds, random) => {
      for (let digit = 0; digit < 8; digit++)
        rectangle(luma, 40 + 24 * digit, 40, 20, 40, random.between(0, 40));
      if (seconds >= 30) rectangle(luma, 700 + 50 * (seconds - 30), 400, 20, 60, 25);
    };
    const seen = movements(32, 3, draw);
    expect(seen.filter((time) => time > 22 && time < 30)).toEqual([]);
    expect(seen.find((time) => time >= 22)).toBe(30);
  });
});

describe('lumaGrid', () => {
  it('is the same of RGB as of planar YUV where green is luma, at any size', () => {
    for (const [w, h] of [
      [64, 36],
      [641, 361],
    ] as const) {
      const luma = Uint8Array.from({ length: w * h }, (_, i) => (i * 7) % 200);
      const rgb = new Uint8Array(w * h * 3);
      luma.forEach((value, i) => (rgb[3 * i + 1] = value));
      const yuv = { width: w, height: h, data: luma, matrix: 'bt601' } as const;
      expect(lumaGrid({ width: w, height: h, data: rgb })).toEqual(lumaGrid(yuv));
    }
  });

  it('averages each cell', () => {
    const luma = Uint8Array.from({ length: 96 * 54 * 16 }, (_, i) => Math.floor((i % 384) / 4));
    const grid = lumaGrid({ width: 384, height: 216, data: luma, matrix: 'bt709' });
    expect([...grid.slice(0, 96)]).toEqual(Array.from({ length: 96 }, (_, i) => i));
    expect(grid.slice(-96)).toEqual(grid.slice(0, 96));
  });
});
