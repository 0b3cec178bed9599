import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignFace, alignTo, chipSides, templates } from '../../../../src/recognition/embedding/align.js';
import type { Landmarks } from '../../../../src/core/face.js';
import type { Box } from '../../../../src/core/geometry.js';
import type { RgbImage } from '../../../../src/core/image.js';
import { landmarkBox } from '../../../../src/recognition/embedding/landmark-square.js';
import { applySimilarity, arcFaceTemplate } from '../../../../src/core/similarity.js';
import type { Similarity } from '../../../../src/core/similarity.js';
import { cutFace } from '../../../../src/recognition/embedding/crop.js';

type Shade = (x: number, y: number) => number;

function picture(width: number, height: number, shade: Shade): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index += 3)
      data.fill(Math.round(shade(x + 0.5, y + 0.5)), index, index + 3);
  }
  return { width, height, data };
}

function landmarksAt(toPicture: Similarity): Landmarks {
  return arcFaceTemplate.map((point) => applySimilarity(toPicture, point)) as unknown as Landmarks;
}

/** A face about the middle of a 400×400 picture. */
const placement = fc
  .record({
    scale: fc.double({ min: 0.3, max: 1.9, noNaN: true }),
    angle: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
    x: fc.integer({ min: -5, max: 5 }),
    y: fc.integer({ min: -5, max: 5 }),
  })
  .map(({ scale, angle, x, y }) => {
    const a = scale * Math.cos(angle);
    const b = scale * Math.sin(angle);
    const middle = applySimilarity({ a, b, tx: 0, ty: 0 }, { x: 56, y: 56 });
    return { a, b, tx: 200 + x - middle.x, ty: 200 + y - middle.y };
  });

describe('alignFace', () => {
  it('shows at each chip pixel what lies there in the picture', () => {
    const shade: Shade = (x, y) => 128 + 0.25 * (x - 200) + 0.2 * (y - 200);
    const slope = picture(400, 400, shade);
    fc.assert(
      fc.property(placement, (toPicture) => {
        const chip = alignFace(slope, landmarksAt(toPicture));
        for (const [x, y] of [
          [0, 0],
          [111, 0],
          [0, 111],
          [111, 111],
          [56, 40],
          [23, 99],
        ] as const) {
          const there = applySimilarity(toPicture, { x: x + 0.5, y: y + 0.5 });
          expect(Math.abs(chip.data[(y * 112 + x) * 3]! - shade(there.x, there.y))).toBeLessThanOrEqual(1.1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('copies a face that is upright and of the chip’s size', () => {
    const noise = picture(
      112,
      112,
      (x, y) => (Math.imul(x * 7919 + y * 104_729, 2_654_435_761) >>> 24) & 255,
    );
    expect(alignFace(noise, arcFaceTemplate).data).toEqual(noise.data);
  });

  it('averages what is finer than the chip, rather than pick pixels', () => {
    const checks = picture(896, 896, (x, y) => ((Math.floor(x) + Math.floor(y)) % 2 === 0 ? 255 : 0));
    const chip = alignFace(checks, landmarksAt({ a: 8, b: 0, tx: 0, ty: 0 }));
    expect(Math.min(...chip.data)).toBeGreaterThanOrEqual(127);
    expect(Math.max(...chip.data)).toBeLessThanOrEqual(128);
  });

  it('keeps colours in their channels', () => {
    const red = {
      width: 60,
      height: 60,
      data: new Uint8Array(60 * 60 * 3).map((_, index) => [200, 100, 50][index % 3]!),
    };
    const chip = alignFace(red, landmarksAt({ a: 0.5, b: 0, tx: 2, ty: 2 }));
    expect([...chip.data.slice(0, 3), ...chip.data.slice(-3)]).toEqual([200, 100, 50, 200, 100, 50]);
  });

  it('refuses landmarks that coincide', () => {
    const point = { x: 5, y: 5 };
    expect(() =>
      alignFace(
        picture(20, 20, () => 0),
        [point, point, point, point, point],
      ),
    ).toThrow(RangeError);
  });
});

describe('alignTo', () => {
  const noise = picture(170, 170, (x, y) => Math.imul(x * 7919 + y * 104_729, 2_654_435_761) >>> 24);
  const square = { x: 0, y: 0, width: 150, height: 150 };

  it.each(['arcface-112', 'dlib-150'] as const)(
    '%s: landmarks that lie on the template stay',
    (alignment) => {
      const side = chipSides[alignment];
      const chip = alignTo(alignment, noise, { landmarks: templates[alignment], box: square });
      const corner = picture(side, side, (x, y) => Math.imul(x * 7919 + y * 104_729, 2_654_435_761) >>> 24);
      expect(chip).toEqual(corner);
    },
  );

  it('box-160 shows the box, whatever the landmarks', () => {
    const box = { x: 7, y: 9, width: 160, height: 160 };
    const chip = alignTo('box-160', noise, { landmarks: templates['dlib-150'], box });
    expect([chip.width, chip.height]).toEqual([160, 160]);
    for (const [x, y] of [
      [0, 0],
      [159, 0],
      [80, 33],
      [159, 159],
    ] as const) {
      expect(chip.data[(y * 160 + x) * 3]).toBe(noise.data[((y + 9) * 170 + x + 7) * 3]);
    }
  });
});

/** Rounded to where both a crop and its picture have pixels. */
function wholePixels({ x, y, width, height }: Box): Box {
  return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
}

describe('cutFace', () => {
  const textured = picture(400, 400, (x, y) => 128 + 60 * Math.sin(x / 9) + 60 * Math.cos(y / 7));

  it.each(['arcface-112', 'dlib-150', 'box-160'] as const)('keeps all that %s looks at', (alignment) => {
    fc.assert(
      fc.property(placement, (toPicture) => {
        const landmarks = landmarksAt(toPicture);
        const crop = cutFace(textured, landmarks)!;
        expect(crop.data).toHaveLength(crop.width * crop.height * 3);
        const [whole, part] = [{ ...textured, landmarks }, crop].map(
          (each) =>
            alignTo(alignment, each, {
              landmarks: each.landmarks,
              box: wholePixels(landmarkBox(each.landmarks)),
            }).data,
        );
        const worst = whole!.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - part![index]!)),
          0,
        );
        expect(worst).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps little more than the rotated chips and the box', () => {
    fc.assert(
      fc.property(placement, (toPicture) => {
        const { width, height } = cutFace(textured, landmarksAt(toPicture))!;
        // ArcFace's 112 pixels and what refined landmarks may reach for; dlib's chip ends 12 pixels below it.
        const side = 155 * Math.hypot(toPicture.a, toPicture.b) * Math.SQRT2 + 2;
        expect(Math.max(width, height)).toBeLessThanOrEqual(side);
      }),
    );
  });

  it('has bytes of its own, so that the frame may be written over', () => {
    const frame = picture(200, 200, () => 77);
    const crop = cutFace(frame, landmarksAt({ a: 1, b: 0, tx: 40, ty: 40 }))!;
    frame.data.fill(0);
    expect(crop.data.every((value) => value === 77)).toBe(true);
    expect(crop.data.buffer.byteLength).toBe(crop.data.byteLength);
  });

  it('cuts a face at the edge off there', () => {
    const crop = cutFace(textured, landmarksAt({ a: 1, b: 0, tx: -50.5, ty: 349.5 }))!;
    expect([crop.width, crop.height]).toEqual([72, 61]);
  });

  it('gives nothing for a face outside, or nowhere', () => {
    expect(cutFace(textured, landmarksAt({ a: 1, b: 0, tx: 500, ty: 0 }))).toBeUndefined();
    const point = { x: 5, y: 5 };
    expect(cutFace(textured, [point, point, point, point, point])).toBeUndefined();
    const nowhere = { x: Number.NaN, y: 0 };
    expect(cutFace(textured, [nowhere, point, point, point, point])).toBeUndefined();
  });
});
