import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { area, centre, clip, iou, scaleAboutCentre, type Box } from '../../../src/core/geometry.js';

const coordinate = fc.double({ min: -2000, max: 2000, noNaN: true });
const side = fc.double({ min: 0.01, max: 2000, noNaN: true });
const box: fc.Arbitrary<Box> = fc.record({ x: coordinate, y: coordinate, width: side, height: side });

describe('iou', () => {
  it('is 1 with itself, symmetric and within 0 and 1', () => {
    fc.assert(
      fc.property(box, box, (a, b) => {
        expect(iou(a, a)).toBeCloseTo(1, 6);
        expect(iou(a, b)).toBe(iou(b, a));
        expect(iou(a, b)).toBeGreaterThanOrEqual(0);
        expect(iou(a, b)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  it('does not change when both boxes move or grow together', () => {
    fc.assert(
      fc.property(box, box, coordinate, (a, b, shift) => {
        const change = (c: Box) => ({
          x: c.x * 2 + shift,
          y: c.y * 2 + shift,
          width: c.width * 2,
          height: c.height * 2,
        });
        expect(iou(change(a), change(b))).toBeCloseTo(iou(a, b), 6);
      }),
    );
  });

  it('is a third for squares that share half, and 0 for boxes that only touch', () => {
    const square = { x: 0, y: 0, width: 10, height: 10 };
    expect(iou(square, { ...square, x: 5 })).toBeCloseTo(1 / 3);
    expect(iou(square, { ...square, x: 10 })).toBe(0);
    expect(iou({ ...square, width: 0 }, { ...square, width: 0 })).toBe(0);
  });
});

describe('clip', () => {
  it('keeps what is inside, within the picture', () => {
    fc.assert(
      fc.property(
        box,
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 2000 }),
        (a, width, height) => {
          const inside = clip(a, width, height);
          expect(inside.x).toBeGreaterThanOrEqual(0);
          expect(inside.y).toBeGreaterThanOrEqual(0);
          expect(inside.x + inside.width).toBeLessThanOrEqual(width + 1e-9);
          expect(inside.y + inside.height).toBeLessThanOrEqual(height + 1e-9);
          const picture = { x: 0, y: 0, width, height };
          const union = area(a) + area(picture) - area(inside);
          expect(iou(a, picture)).toBeCloseTo(area(inside) / union, 6);
        },
      ),
    );
  });
});

describe('scaleAboutCentre', () => {
  it('keeps the centre and scales the area by the square', () => {
    fc.assert(
      fc.property(box, fc.double({ min: 0.1, max: 10, noNaN: true }), (a, factor) => {
        const scaled = scaleAboutCentre(a, factor);
        expect(centre(scaled).x).toBeCloseTo(centre(a).x, 6);
        expect(centre(scaled).y).toBeCloseTo(centre(a).y, 6);
        expect(area(scaled) / area(a)).toBeCloseTo(factor ** 2, 6);
      }),
    );
  });
});

describe('area', () => {
  it('is 0 for a box turned inside out', () => {
    expect(area({ x: 0, y: 0, width: -3, height: -4 })).toBe(0);
  });
});
