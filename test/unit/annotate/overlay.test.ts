import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLabel } from '../../../src/annotate/overlay.js';
import { iou } from '../../../src/core/geometry.js';

const picture = { width: 640, height: 360 };
const label = { width: 80, height: 20 };
const face = (x: number, y: number) => ({ x, y, width: 60, height: 70 });

describe('placeLabel', () => {
  it('prefers above the face, flush with the frame', () => {
    expect(placeLabel(label, face(100, 100), 2, picture, [])).toEqual({ ...label, x: 98, y: 78 });
  });

  it('goes below when there is no room above, and inside when there is none below either', () => {
    expect(placeLabel(label, face(100, 10), 2, picture, [])).toEqual({ ...label, x: 98, y: 82 });
    expect(placeLabel(label, { x: 100, y: 5, width: 200, height: 350 }, 2, picture, []).y).toBe(7);
  });

  it('keeps labels of neighbours apart', () => {
    const first = placeLabel(label, face(100, 100), 2, picture, []);
    const second = placeLabel(label, face(150, 105), 2, picture, [first]);
    const third = placeLabel(label, face(200, 100), 2, picture, [first, second]);
    expect(iou(first, second)).toBe(0);
    expect(iou(first, third)).toBe(0);
    expect(iou(second, third)).toBe(0);
  });

  it('stays inside the picture wherever the face is, and starts at the left when wider than the picture', () => {
    const number = (min: number, max: number) => fc.integer({ min, max });
    const anyFace = fc.record({
      x: number(-100, 700),
      y: number(-100, 400),
      width: number(1, 700),
      height: number(1, 400),
    });
    fc.assert(
      fc.property(anyFace, number(1, 800), (box, width) => {
        const place = placeLabel({ width, height: 20 }, box, 2, picture, []);
        expect(place.x).toBeGreaterThanOrEqual(0);
        expect(place.y).toBeGreaterThanOrEqual(0);
        expect(place.y + place.height).toBeLessThanOrEqual(picture.height);
        if (width > picture.width) expect(place.x).toBe(0);
        else expect(place.x + place.width).toBeLessThanOrEqual(picture.width);
      }),
    );
  });
});
