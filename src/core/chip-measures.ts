import type { RgbImage } from './image.js';
import { halvePlane, lumaOf, type Part, type Plane } from './luma-plane.js';

// Places on a chip of 112×112 pixels, aligned to ArcFace's template.
const wholeChip: Part = { left: 0, top: 0, right: 112, bottom: 112 };
/** The face without hair and background, which may be sharper than it is. */
const face: Part = { left: 18, top: 26, right: 94, bottom: 106 };
const halfFace: Part = { left: 9, top: 13, right: 47, bottom: 53 };
const eyes: readonly Part[] = [
  { left: 29, top: 47, right: 48, bottom: 57 },
  { left: 64, top: 47, right: 83, bottom: 57 },
];
const mouth: Part = { left: 42, top: 84, right: 70, bottom: 102 };
/** Skin that glasses leave free, and skin that a mask leaves free. */
const cheeks: readonly Part[] = [
  { left: 28, top: 68, right: 44, bottom: 80 },
  { left: 68, top: 68, right: 84, bottom: 80 },
];
const belowEyes: readonly Part[] = [
  { left: 30, top: 60, right: 46, bottom: 68 },
  { left: 66, top: 60, right: 82, bottom: 68 },
];

/** Luma outside of this counts as black or white. */
const [blackest, whitest] = [8, 247];
/** Side of the blocks in which noise is measured. */
const noiseBlock = 8;
/** White noise adds so many times its variance to the detail at half size. Measured. */
const noiseInDetail = 3.5;
/** Added to brightness before it divides, so that black is not infinitely dark. */
const leastBrightness = 4;
/** Directions in which detail is measured. */
const directions = 16;

/** What is measured on an aligned face. */
export interface ChipMeasures {
  /** Standard deviation of the luma, 0 to 255. */
  readonly contrast: number;
  /** Share of the pixels that are black or white. */
  readonly clipped: number;
  /** Energy of the second derivative in the direction that has the least, less the noise's, over variance, at half size. */
  readonly detail: number;
  /** Standard deviation of the noise over that of the luma. */
  readonly noise: number;
  /** Standard deviation within the eyes over brightness of the cheeks. */
  readonly eyeContrast: number;
  /** The luma that a fifth of the eyes exceeds, over brightness of the cheeks. */
  readonly eyeBrightness: number;
  /** Deviation from top to bottom of the mouth, without what grows evenly, over brightness of the cheeks. */
  readonly mouthContrast: number;
}

/** Written anew for each chip: to allocate it takes as long as to fill it. */
const chipLuma = new Float32Array(pixelsIn(wholeChip));

/** @param chip 112×112 RGB pixels, aligned to ArcFace's template */
export function chipMeasures(chip: RgbImage): ChipMeasures {
  const luma = lumaOf(chip, wholeChip, chipLuma);
  const noise = noiseOf(luma) / (deviationIn(luma, face) + 1e-3);
  const cheek = brightness(luma, cheeks);
  return {
    contrast: deviationIn(luma, wholeChip),
    clipped: clippedShare(luma.data),
    detail: detailOf(halvePlane(luma), halfFace) - noiseInDetail * noise * noise,
    noise,
    eyeContrast: mean(eyes.map((eye) => deviationIn(luma, eye))) / cheek,
    eyeBrightness: mean(eyes.map((eye) => quantile(valuesIn(luma, [eye]), 0.8))) / cheek,
    mouthContrast: verticalDeviation(luma, mouth) / brightness(luma, belowEyes),
  };
}

function clippedShare(luma: Float32Array): number {
  let clipped = 0;
  for (const value of luma) if (value < blackest || value > whitest) clipped++;
  return clipped / luma.length;
}

/**
 * The energy of the second derivative over variance, in the direction in which it is lowest. A direction's derivative is
 * cos² · xx + 2 cos sin · xy + sin² · yy, so six moments give the energy in all of them.
 */
function detailOf(luma: Plane, part: Part): number {
  const { width, data } = luma;
  const at = (index: number): number => data[index] as number;
  let [xxxx, yyyy, xyxy, xxyy, xxxy, yyxy] = [0, 0, 0, 0, 0, 0];
  for (let y = part.top; y < part.bottom; y++) {
    for (let i = y * width + part.left; i < y * width + part.right; i++) {
      const xx = at(i - 1) + at(i + 1) - 2 * at(i);
      const yy = at(i - width) + at(i + width) - 2 * at(i);
      const xy = (at(i + width + 1) + at(i - width - 1) - at(i - width + 1) - at(i + width - 1)) / 4;
      xxxx += xx * xx;
      yyyy += yy * yy;
      xyxy += xy * xy;
      xxyy += xx * yy;
      xxxy += xx * xy;
      yyxy += yy * xy;
    }
  }
  let least = Infinity;
  for (let direction = 0; direction < directions; direction++) {
    const c = Math.cos((direction * Math.PI) / directions);
    const s = Math.sin((direction * Math.PI) / directions);
    const mixed = c * c * s * s * (4 * xyxy + 2 * xxyy) + 4 * c * s * (c * c * xxxy + s * s * yyxy);
    least = Math.min(least, c ** 4 * xxxx + s ** 4 * yyyy + mixed);
  }
  return least / pixelsIn(part) / (deviationIn(luma, part) ** 2 + 1e-6);
}

/**
 * The standard deviation of the noise: the mask of Immerkær (Fast noise variance estimation, 1996), which neither planes nor
 * edges along the axes answer to, in blocks of the face. The lower quartile of the blocks has little texture.
 */
function noiseOf({ width, data }: Plane): number {
  const deviations: number[] = [];
  for (let top = face.top; top + noiseBlock <= face.bottom; top += noiseBlock) {
    for (let left = face.left; left + noiseBlock <= face.right; left += noiseBlock) {
      let sum = 0;
      for (let y = top; y < top + noiseBlock; y++) {
        for (let i = y * width + left; i < y * width + left + noiseBlock; i++) {
          const across = second(data, i - width) + second(data, i + width) - 2 * second(data, i);
          sum += across * across;
        }
      }
      deviations.push(Math.sqrt(sum) / noiseBlock / 6);
    }
  }
  return quantile(Float32Array.from(deviations), 0.25);
}

function second(data: Float32Array, index: number): number {
  return (data[index - 1] as number) + (data[index + 1] as number) - 2 * (data[index] as number);
}

/**
 * The deviation from top to bottom, without what is the same in a whole column and what grows evenly downwards: lips, teeth and
 * the line between them remain, and the folds of skin; light that falls from the side does not.
 */
function verticalDeviation({ width, data }: Plane, { left, top, right, bottom }: Part): number {
  const rows = bottom - top;
  const middle = (rows - 1) / 2;
  let sum = 0;
  for (let x = left; x < right; x++) {
    let [level, slope, squares] = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      const value = data[(top + row) * width + x] as number;
      level += value / rows;
      slope += value * (row - middle);
    }
    const rise = slope / ((rows * (rows * rows - 1)) / 12);
    for (let row = 0; row < rows; row++) {
      const left = (data[(top + row) * width + x] as number) - level - rise * (row - middle);
      squares += left * left;
    }
    sum += squares;
  }
  return Math.sqrt(sum / (rows * (right - left)));
}

function brightness(luma: Plane, parts: readonly Part[]): number {
  return quantile(valuesIn(luma, parts), 0.5) + leastBrightness;
}

function valuesIn({ width, data }: Plane, parts: readonly Part[]): Float32Array {
  const values = new Float32Array(parts.reduce((sum, part) => sum + pixelsIn(part), 0));
  let target = 0;
  for (const { left, top, right, bottom } of parts) {
    for (let y = top; y < bottom; y++) {
      for (let i = y * width + left; i < y * width + right; i++) values[target++] = data[i] as number;
    }
  }
  return values;
}

function pixelsIn({ left, top, right, bottom }: Part): number {
  return (right - left) * (bottom - top);
}

function quantile(values: Float32Array, share: number): number {
  const sorted = values.sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of the luma. */
function deviationIn({ width, data }: Plane, part: Part): number {
  const { left, top, right, bottom } = part;
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) sum += data[i] as number;
  }
  const middle = sum / pixelsIn(part);
  let squares = 0;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) {
      const difference = (data[i] as number) - middle;
      squares += difference * difference;
    }
  }
  return Math.sqrt(squares / pixelsIn(part));
}
