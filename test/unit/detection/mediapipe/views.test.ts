import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewsOf } from '../../../../src/detection/mediapipe/views.js';

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
