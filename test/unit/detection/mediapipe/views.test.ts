import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Image } from '../../../../src/core/image.js';
import { rgbRegion } from '../../../../src/core/rgb-region.js';
import { Shrinker, viewsOf } from '../../../../src/detection/mediapipe/views.js';

describe('viewsOf', () => {
  it('looks at the whole picture alone when the smallest face is large enough in it', () => {
    expect(viewsOf(1280, 720, 80)).toEqual([{ x: 0, y: 0, width: 1280, height: 720 }]);
  });

  it('adds two squares for faces of 80 pixels in full HD', () => {
    expect(viewsOf(1920, 1080, 80)).toEqual([
      { x: 0, y: 0, width: 1920, height: 1080 },
      { x: 0, y: 0, width: 1080, height: 1080 },
      { x: 840, y: 0, width: 1080, height: 1080 },
    ]);
  });

  it('holds each smallest face whole in a view that shows it large enough', () => {
    const size = fc.integer({ min: 1, max: 4000 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        size,
        size,
        fc.integer({ min: 20, max: 200 }),
        share,
        share,
        (width, height, face, fx, fy) => {
          fc.pre(width > face && height > face);
          const x = fx * (width - face);
          const y = fy * (height - face);
          const views = viewsOf(width, height, face);
          const good = views.some(
            (view) =>
              x >= view.x - 0.5 &&
              y >= view.y - 0.5 &&
              x + face <= view.x + view.width + 0.5 &&
              y + face <= view.y + view.height + 0.5 &&
              Math.max(view.width, view.height) <= face * 16,
          );
          expect(good).toBe(true);
          for (const view of views) {
            expect(Number.isInteger(view.x) && Number.isInteger(view.width)).toBe(true);
            expect(view.x + view.width).toBeLessThanOrEqual(width);
            expect(view.y + view.height).toBeLessThanOrEqual(height);
          }
        },
      ),
    );
  });
});

describe('Shrinker', () => {
  /** Colours that change slowly over a picture of 303×201 pixels. */
  const [width, height] = [303, 201];
  const along = (count: number, of: number, from: number, to: number) =>
    Math.round(from + ((to - from) * count) / of);
  const luma = Array.from({ length: width * height }, (_, i) => along(i % width, width, 60, 180));
  const chroma = (from: number, to: number) =>
    Array.from({ length: 152 * 101 }, (_, i) => along(Math.floor(i / 152), 101, from, to));
  const yuv: Image = {
    ...{ width, height, matrix: 'bt709' },
    data: Uint8Array.from([...luma, ...chroma(110, 150), ...chroma(140, 100)]),
  };
  const rgb = rgbRegion(yuv, { x: 0, y: 0, width, height });

  it.each([
    ['the whole picture, as it is', { x: 0, y: 0, width, height }, 384],
    ['the whole picture, smaller', { x: 0, y: 0, width, height }, 100],
    ['a part of it', { x: 101, y: 33, width: 167, height: 95 }, 64],
  ])('gives a YUV picture the colours of the same picture in RGB: %s', (_, part, maxSide) => {
    const expected = new Shrinker().shrink(rgb, part, maxSide);
    const received = new Shrinker().shrink(yuv, part, maxSide);
    expect([received.width, received.height]).toEqual([expected.width, expected.height]);
    const differences = expected.data.map((value, at) => Math.abs(value - received.data[at]!));
    expect(differences.reduce((most, difference) => Math.max(most, difference))).toBeLessThanOrEqual(3);
    expect(received.data.filter((_value, at) => at % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
  });
});
