import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawText, fillDisc, fillRect, strokeBox, type Rgb } from '../../../src/annotate/draw.js';

const white: Rgb = [255, 255, 255];
const blank = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3),
});

/** One letter a pixel: `.` black, `#` white, `o` anything between. */
function show({ width, height, data }: ReturnType<typeof blank>): string[] {
  const letter = (pixel: number) => (data[pixel * 3] === 0 ? '.' : data[pixel * 3] === 255 ? '#' : 'o');
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => letter(y * width + x)).join(''),
  );
}

describe('fillRect', () => {
  it('fills just the pixels inside both rectangle and picture', () => {
    const side = fc.integer({ min: -8, max: 12 });
    fc.assert(
      fc.property(side, side, side, side, (x, y, width, height) => {
        const image = blank(7, 5);
        fillRect(image, x, y, width, height, [1, 2, 3]);
        for (let row = 0; row < 5; row++) {
          for (let column = 0; column < 7; column++) {
            const inside = column >= x && column < x + width && row >= y && row < y + height;
            const at = (row * 7 + column) * 3;
            expect([...image.data.subarray(at, at + 3)]).toEqual(inside ? [1, 2, 3] : [0, 0, 0]);
          }
        }
      }),
    );
  });
});

describe('fillDisc', () => {
  it('fills a round dot about a point', () => {
    const image = blank(7, 7);
    fillDisc(image, { x: 3.5, y: 3.5 }, 2.3, white);
    expect(show(image)).toEqual([
      '.......',
      '..###..',
      '.#####.',
      '.#####.',
      '.#####.',
      '..###..',
      '.......',
    ]);
  });

  it('fills just the pixels whose centre is near enough, inside the picture', () => {
    const place = fc.double({ min: -6, max: 14, noNaN: true });
    fc.assert(
      fc.property(place, place, fc.double({ min: 0, max: 6, noNaN: true }), (x, y, radius) => {
        const image = blank(7, 5);
        fillDisc(image, { x, y }, radius, white);
        for (let pixel = 0; pixel < 35; pixel++) {
          const away = Math.hypot((pixel % 7) + 0.5 - x, Math.floor(pixel / 7) + 0.5 - y) - radius;
          // On the very edge, rounding decides.
          if (Math.abs(away) > 1e-9) expect(image.data[pixel * 3]).toBe(away < 0 ? 255 : 0);
        }
      }),
    );
  });
});

describe('drawText', () => {
  const text = { width: 3, height: 2, mask: Uint8Array.of(255, 128, 0, 0, 255, 255) };

  it('blends by ink', () => {
    const image = blank(4, 3);
    drawText(image, 1, 0, text, white);
    expect(show(image)).toEqual(['.#o.', '..##', '....']);
    expect(image.data[6]).toBe(128);
  });

  it('leaves out what lies outside', () => {
    const at = (x: number, y: number) => {
      const image = blank(2, 2);
      drawText(image, x, y, text, white);
      return show(image);
    };
    expect(at(-1, 0)).toEqual(['o.', '##']);
    expect(at(1, 1)).toEqual(['..', '.#']);
    expect(at(0, -1)).toEqual(['.#', '..']);
    expect(at(5, 5)).toEqual(['..', '..']);
    expect(at(-5, -5)).toEqual(['..', '..']);
  });
});

describe('strokeBox', () => {
  const stroke = { colour: white, width: 2, outlineColour: [9, 9, 9] as const, outlineWidth: 1, dash: 0 };

  it('draws a line with an outline on both sides of it', () => {
    const image = blank(12, 10);
    strokeBox(image, { x: 2, y: 2, width: 8, height: 6 }, stroke);
    expect(show(image)).toEqual([
      'oooooooooooo',
      'o##########o',
      'o##########o',
      'o##oooooo##o',
      'o##o....o##o',
      'o##o....o##o',
      'o##oooooo##o',
      'o##########o',
      'o##########o',
      'oooooooooooo',
    ]);
  });

  it('dashes with closed corners and gaps between', () => {
    const image = blank(40, 30);
    strokeBox(image, { x: 5, y: 5, width: 30, height: 20 }, { ...stroke, dash: 4 });
    const rows = show(image);
    const top = rows[4]!.slice(4, 36);
    expect(top.startsWith('####')).toBe(true);
    expect(top.endsWith('####')).toBe(true);
    expect(top).toContain('.');
    expect([...rows.join('')].filter((letter) => letter === '#').length).toBeLessThan(140);
  });
});
