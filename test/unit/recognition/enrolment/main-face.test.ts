import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../../src/core/face.js';
import { centralFace, mainFace } from '../../../../src/recognition/enrolment/main-face.js';

const point = { x: 0, y: 0 };
const face = (width: number, height = width): Detection => ({
  box: { x: 10, y: 10, width, height },
  score: 0.9,
  landmarks: [point, point, point, point, point],
});

describe('mainFace', () => {
  it('takes the only face', () => {
    const only = face(50);
    expect(mainFace([only])).toBe(only);
  });

  it('looks past bystanders of less than a third of its area', () => {
    const main = face(100);
    expect(mainFace([face(57), main, face(20)])).toBe(main);
  });

  it('refuses a photo of two people and says how large they are', () => {
    expect(() => mainFace([face(100, 120), face(75), face(10)])).toThrow(
      expect.objectContaining({
        code: 'FACE_AMBIGUOUS',
        message: expect.stringMatching(/2 .*100×120, 75×75/) as string,
      }),
    );
  });

  it('refuses a photo without a face', () => {
    expect(() => mainFace([])).toThrow(expect.objectContaining({ code: 'FACE_NOT_FOUND' }));
  });
});

describe('centralFace', () => {
  const picture = { width: 250, height: 250 };
  const at = (x: number, y: number, side: number): Detection => ({
    ...face(side),
    box: { x: x - side / 2, y: y - side / 2, width: side, height: side },
  });

  it('prefers the middle to the edge, and size to both', () => {
    const middle = at(125, 125, 80);
    const edge = at(225, 125, 100);
    expect(centralFace([edge, middle], picture)).toBe(middle);
    const large = at(160, 125, 120);
    expect(centralFace([middle, large, edge], picture)).toBe(large);
  });

  it('finds none where there is none', () => {
    expect(centralFace([], picture)).toBeUndefined();
  });
});
