import { describe, expect, it } from 'vitest';
import {
  faceQuality,
  isClear,
  landmarkQuality,
  qualityFloor,
  qualityScore,
  weakestPart,
  type FaceQuality,
} from '../../../../src/core/face-quality.js';
import type { Landmarks } from '../../../../src/core/face.js';
import type { RgbImage } from '../../../../src/core/image.js';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import { Random } from '../../tracking/scene.js';

/** A face with eyes so far apart, its nose so far (in eye distances) to the side, turned by an angle. */
function landmarks(eyeDistance: number, nose = 0, angle = 0): Landmarks {
  const turn = (x: number, y: number) => ({
    x: 100 + eyeDistance * (x * Math.cos(angle) - y * Math.sin(angle)),
    y: 100 + eyeDistance * (x * Math.sin(angle) + y * Math.cos(angle)),
  });
  return [turn(-0.5, 0), turn(0.5, 0), turn(nose, 0.6), turn(-0.4, 1.1), turn(0.4, 1.1)];
}

/**
 * Waves of about a period in pixels, and weaker short ones, in every direction or along one, about a mean brightness, cut off
 * at black and white.
 */
function chip(mean: number, contrast: number, period: number, directions = 7): RgbImage {
  const data = new Uint8ClampedArray(112 * 112 * 3);
  for (let pixel = 0; pixel < 112 * 112; pixel++) {
    const [x, y] = [pixel % 112, Math.floor(pixel / 112)];
    let sum = 0;
    for (let wave = 0; wave < directions; wave++) {
      const angle = (Math.PI * wave) / directions;
      const turns = (2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / (period * (1 + wave / 11));
      sum += Math.sin(turns + wave) + Math.sin(3.2 * turns + wave) / 8;
    }
    data.fill(mean + (contrast * sum) / Math.sqrt(directions), pixel * 3, pixel * 3 + 3);
  }
  return { width: 112, height: 112, data: new Uint8Array(data) };
}

/** Paints part of a chip, or changes its pixels one by one. */
function painted(
  picture: RgbImage,
  [left, top, right, bottom]: readonly [number, number, number, number],
  colour: (before: number, x: number, y: number) => number,
): RgbImage {
  const data = picture.data.map((before, index) => {
    const pixel = Math.floor(index / 3);
    const [x, y] = [pixel % 112, Math.floor(pixel / 112)];
    const isInside = x >= left && x < right && y >= top && y < bottom;
    return isInside ? Math.min(255, Math.max(0, colour(before, x, y))) : before;
  });
  return { ...picture, data };
}

const everywhere = [0, 0, 112, 112] as const;
const sharp = chip(120, 40, 9);

/** The quality of a chip that was cut from a picture without being scaled. */
function qualityOf(picture: RgbImage, score = 1, at: Landmarks = arcFaceTemplate): FaceQuality {
  return faceQuality({ crop: picture, landmarks: at, chip: picture, score });
}

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
  it('finds nothing wrong with a sharp picture', () => {
    const quality = qualityOf(sharp);
    expect(Object.entries(quality).filter(([, value]) => value < 0.8)).toEqual([]);
    expect(isClear(qualityScore(quality))).toBe(true);
  });

  it('sees blur, and does not take a dim face for a blurred one', () => {
    const sharpness = (picture: RgbImage) => qualityOf(picture).sharpness;
    expect(sharpness(sharp)).toBe(1);
    expect(sharpness(chip(120, 40, 60))).toBeLessThan(0.1);
    expect(sharpness(chip(40, 13, 9))).toBe(1);
    expect(sharpness(chip(120, 0, 9))).toBe(0);
  });

  it('sees blur along one direction, which leaves all of the detail across it', () => {
    const stripes = chip(120, 40, 9, 1);
    expect(qualityOf(stripes).sharpness).toBe(0);
    const noisy = painted(
      stripes,
      everywhere,
      (before, x, y) => before + ((x * 7919 + y * 104729) % 23) - 11,
    );
    expect(qualityOf(noisy).sharpness).toBeLessThan(0.5);
  });

  it('sees noise', () => {
    const random = new Random(1);
    const noisy = (size: number): number => {
      const grey = Float32Array.from({ length: 112 * 112 }, () => random.between(-size, size));
      return qualityOf(painted(sharp, everywhere, (before, x, y) => before + grey[y * 112 + x]!)).noise;
    };
    const values = [0, 10, 30, 60].map(noisy);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values[0]).toBeGreaterThan(0.8);
    expect(values[3]).toBeLessThan(0.5);
  });

  it.each([7 / 3, 3, 8, 10])('sees that the picture consists of blocks of %d pixels', (side) => {
    const start = (position: number): number => Math.ceil(Math.floor((position + 1e-6) / side) * side - 1e-6);
    const at = (x: number, y: number): number => sharp.data[3 * (y * 112 + x)]!;
    const mosaic = painted(sharp, everywhere, (_, x, y) => at(start(x), start(y)));
    expect(qualityOf(sharp).blocks).toBeGreaterThan(0.8);
    expect(qualityOf(mosaic).blocks).toBe(0);
  });

  it('sees that eyes or mouth are covered, and leaves enough for somebody known to be named', () => {
    const glasses = painted(sharp, [24, 43, 88, 60], () => 20);
    const mask = painted(sharp, [14, 72, 98, 112], (_, x) => 150 - 0.2 * Math.abs(x - 56));
    expect(qualityOf(glasses)).toMatchObject({ eyes: 0.25, mouth: 1 });
    expect(qualityOf(mask)).toMatchObject({ eyes: 1, mouth: 0.25 });
    for (const covered of [glasses, mask]) {
      const score = qualityScore(qualityOf(covered));
      expect([isClear(score), score >= qualityFloor]).toEqual([false, true]);
    }
  });

  it('sees too little contrast: fog and darkness', () => {
    const exposure = [0, 4, 8, 12, 60].map(
      (contrast) => qualityOf(chip(120, contrast * Math.SQRT2, 9)).exposure,
    );
    expect(exposure).toEqual([...exposure].sort((a, b) => a - b));
    expect(exposure[0]).toBe(0);
    expect(exposure[1]).toBeLessThan(0.2);
    expect(exposure[3]).toBeGreaterThan(0.9);
    expect(exposure[4]).toBe(1);
  });

  it('sees what is burnt out or lost in the dark, and not a face that is dim only', () => {
    const exposureOf = (picture: RgbImage) => qualityOf(picture).exposure;
    expect(exposureOf(chip(60, 18, 9))).toBe(1);
    expect(exposureOf(chip(250, 60, 9))).toBeLessThan(0.6);
    expect(exposureOf(chip(2, 60, 9))).toBeLessThan(0.6);
    expect(exposureOf(chip(250, 12, 60))).toBeLessThan(exposureOf(chip(250, 60, 9)));
  });

  it('sees that a detector doubts the face', () => {
    const visibility = [0.2, 0.6, 0.8, 0.99].map((score) => qualityOf(sharp, score).visibility);
    expect(visibility).toEqual([0, expect.closeTo(0.364, 3), expect.closeTo(0.727, 3), 1]);
  });

  it('scores a face by its weakest part', () => {
    expect(qualityScore(qualityOf(sharp, 1, landmarks(40, 0.9)))).toBe(0);
    const mixed = { ...qualityOf(sharp), size: 0.9, pose: 0.4, sharpness: 0.7 };
    expect(qualityScore(mixed)).toBe(0.4);
    expect(weakestPart(mixed)).toBe('pose');
  });
});
