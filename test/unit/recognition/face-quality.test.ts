import { describe, expect, it } from 'vitest';
import { faceQuality, landmarkQuality, qualityScore } from '../../../src/core/face-quality.js';
import type { Landmarks } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';

/** A face with eyes so far apart, its nose so far (in eye distances) to the side, turned by an angle. */
function landmarks(eyeDistance: number, nose = 0, angle = 0): Landmarks {
  const turn = (x: number, y: number) => ({
    x: 100 + eyeDistance * (x * Math.cos(angle) - y * Math.sin(angle)),
    y: 100 + eyeDistance * (x * Math.sin(angle) + y * Math.cos(angle)),
  });
  return [turn(-0.5, 0), turn(0.5, 0), turn(nose, 0.6), turn(-0.4, 1.1), turn(0.4, 1.1)];
}

/** Stripes of a period in pixels about a mean brightness. */
function chip(mean: number, contrast: number, period: number): RgbImage {
  const data = new Uint8Array(112 * 112 * 3);
  for (let index = 0; index < data.length; index++) {
    const x = Math.floor(index / 3) % 112;
    data[index] = mean + contrast * Math.sin((2 * Math.PI * x) / period);
  }
  return { width: 112, height: 112, data };
}

const sharp = chip(120, 60, 8);

describe('landmarkQuality', () => {
  it('grows with size up to what recognition can use', () => {
    const sizes = [4, 10, 16, 22, 40, 400].map((distance) => landmarkQuality(landmarks(distance)).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes[0]).toBe(0);
    expect(sizes.at(-1)).toBe(1);
  });

  it('falls as the face turns to either side, however the head is tilted', () => {
    for (const angle of [0, 0.5, -2]) {
      const frontality = [0, 0.4, 0.6, 1].map(
        (nose) => landmarkQuality(landmarks(40, nose, angle)).frontality,
      );
      expect(frontality[0]).toBe(1);
      expect(frontality[1]).toBeLessThan(1);
      expect(frontality[2]).toBeLessThan(frontality[1]!);
      expect(frontality[3]).toBe(0);
      expect(landmarkQuality(landmarks(40, -0.4, angle)).frontality).toBeCloseTo(frontality[1]!);
    }
  });

  it('is nothing for eyes that coincide', () => {
    expect(landmarkQuality(landmarks(0))).toEqual({ size: 0, frontality: 0 });
  });
});

describe('faceQuality', () => {
  it('sees blur, and does not take a dim face for a blurred one', () => {
    const face = landmarks(40);
    const sharpness = (picture: RgbImage) => faceQuality(face, picture).sharpness;
    expect(sharpness(sharp)).toBe(1);
    expect(sharpness(chip(120, 60, 50))).toBeLessThan(0.1);
    expect(sharpness(chip(40, 20, 8))).toBe(1);
    expect(sharpness(chip(120, 0, 8))).toBe(0);
  });

  it('sees too little and too much light', () => {
    const brightness = [2, 30, 120, 220, 254].map(
      (mean) => faceQuality(landmarks(40), chip(mean, 1, 8)).brightness,
    );
    expect(brightness[0]).toBe(0);
    expect(brightness[1]).toBeGreaterThan(0.2);
    expect(brightness[2]).toBe(1);
    expect(brightness[3]).toBeLessThan(1);
    expect(brightness[4]).toBe(0);
  });

  it('scores a face by its weakest part', () => {
    expect(qualityScore(faceQuality(landmarks(40), sharp))).toBe(1);
    expect(qualityScore(faceQuality(landmarks(40, 0.9), sharp))).toBe(0);
    expect(qualityScore({ size: 0.9, frontality: 0.4, sharpness: 0.7, brightness: 1 })).toBe(0.4);
  });
});
