import { describe, expect, it } from 'vitest';
import {
  faceQuality,
  landmarkQuality,
  qualityScore,
  weakestPart,
} from '../../../../src/core/face-quality.js';
import type { Landmarks } from '../../../../src/core/face.js';
import type { RgbImage } from '../../../../src/core/image.js';

/** A face with eyes so far apart, its nose so far (in eye distances) to the side, turned by an angle. */
function landmarks(eyeDistance: number, nose = 0, angle = 0): Landmarks {
  const turn = (x: number, y: number) => ({
    x: 100 + eyeDistance * (x * Math.cos(angle) - y * Math.sin(angle)),
    y: 100 + eyeDistance * (x * Math.sin(angle) + y * Math.cos(angle)),
  });
  return [turn(-0.5, 0), turn(0.5, 0), turn(nose, 0.6), turn(-0.4, 1.1), turn(0.4, 1.1)];
}

/** Stripes of a period in pixels about a mean brightness, cut off at black and white. */
function chip(mean: number, contrast: number, period: number): RgbImage {
  const data = new Uint8ClampedArray(112 * 112 * 3);
  for (let index = 0; index < data.length; index++) {
    const x = Math.floor(index / 3) % 112;
    data[index] = mean + contrast * Math.sin((2 * Math.PI * x) / period);
  }
  return { width: 112, height: 112, data: new Uint8Array(data) };
}

const sharp = chip(120, 60, 8);

describe('landmarkQuality', () => {
  it('grows with size up to what recognition can use', () => {
    const sizes = [4, 10, 16, 22, 40, 400].map((distance) => landmarkQuality(landmarks(distance)).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes[0]).toBe(0);
    expect(sizes.at(-1)).toBe(1);
  });

  it('falls as the face turns to either side, tilted or not', () => {
    for (const angle of [0, 0.5, -0.6]) {
      const pose = [0, 0.4, 0.6, 1].map((nose) => landmarkQuality(landmarks(40, nose, angle)).pose);
      expect(pose[0]).toBe(1);
      expect(pose[1]).toBeLessThan(1);
      expect(pose[2]).toBeLessThan(pose[1]!);
      expect(pose[3]).toBe(0);
      expect(landmarkQuality(landmarks(40, -0.4, angle)).pose).toBeCloseTo(pose[1]!);
    }
  });

  it('falls as the head is tilted far, to nothing upside down', () => {
    const pose = [30, 50, 60, 180].map(
      (degrees) => landmarkQuality(landmarks(40, 0, (degrees * Math.PI) / 180)).pose,
    );
    expect(pose[0]).toBe(1);
    expect(pose[1]).toBeLessThan(1);
    expect(pose[2]).toBeLessThan(pose[1]!);
    expect(pose[3]).toBe(0);
  });

  it('is nothing for eyes that coincide', () => {
    expect(landmarkQuality(landmarks(0))).toEqual({ size: 0, pose: 0 });
  });
});

describe('faceQuality', () => {
  it('sees blur, and does not take a dim face for a blurred one', () => {
    const face = landmarks(40);
    const sharpness = (picture: RgbImage) => faceQuality(face, picture, 1).sharpness;
    expect(sharpness(sharp)).toBe(1);
    expect(sharpness(chip(120, 60, 50))).toBeLessThan(0.1);
    expect(sharpness(chip(40, 20, 8))).toBe(1);
    expect(sharpness(chip(120, 0, 8))).toBe(0);
  });

  it('sees too little contrast: fog and darkness', () => {
    const exposure = [0, 4, 8, 12, 60].map(
      (contrast) => faceQuality(landmarks(40), chip(120, contrast * Math.SQRT2, 8), 1).exposure,
    );
    expect(exposure).toEqual([...exposure].sort((a, b) => a - b));
    expect(exposure[0]).toBe(0);
    expect(exposure[1]).toBeLessThan(0.2);
    expect(exposure[3]).toBeGreaterThan(0.9);
    expect(exposure[4]).toBe(1);
  });

  it('sees what is burnt out or lost in the dark, and not a face that is dim only', () => {
    const exposureOf = (picture: RgbImage) => faceQuality(landmarks(40), picture, 1).exposure;
    expect(exposureOf(chip(30, 20, 8))).toBe(1);
    expect(exposureOf(chip(250, 60, 8))).toBeLessThan(0.6);
    expect(exposureOf(chip(2, 60, 8))).toBeLessThan(0.6);
    expect(exposureOf(chip(250, 12, 50))).toBeLessThan(exposureOf(chip(250, 60, 8)));
  });

  it('sees that a detector doubts the face', () => {
    const visibility = [0.2, 0.6, 0.8, 0.99].map(
      (score) => faceQuality(landmarks(40), sharp, score).visibility,
    );
    expect(visibility).toEqual([0, expect.closeTo(0.364, 3), expect.closeTo(0.727, 3), 1]);
  });

  it('scores a face by its weakest part', () => {
    expect(qualityScore(faceQuality(landmarks(40), sharp, 1))).toBe(1);
    expect(qualityScore(faceQuality(landmarks(40, 0.9), sharp, 1))).toBe(0);
    const mixed = { size: 0.9, pose: 0.4, sharpness: 0.7, exposure: 1, visibility: 0.8 };
    expect(qualityScore(mixed)).toBe(0.4);
    expect(weakestPart(mixed)).toBe('pose');
  });
});
