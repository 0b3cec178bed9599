import type { Landmarks } from './face.js';
import type { RgbImage } from './image.js';

/**
 * How well a face serves recognition, in parts of 0 to 1 each. docs/recognition.md says how the ramps were measured.
 */
export interface FaceQuality {
  /** From the distance of the eyes in pixels. */
  readonly size: number;
  /** From how far the face is turned to the side (where the nose lies between the eyes) and the head tilted. */
  readonly pose: number;
  /** From how much of the aligned face's contrast is fine detail. */
  readonly sharpness: number;
  /** From the aligned face's contrast, and how much of it is black or white. */
  readonly exposure: number;
  /** From how sure a detector is that it sees a whole face here: hands, hair and dark glasses make it doubt. */
  readonly visibility: number;
}

type Ramp = readonly [zeroAt: number, oneAt: number];

const eyeDistancePixels: Ramp = [8, 24];
/** Sideways distance of the nose from the middle of the eyes, in eye distances: 0 from the front, past .5 in profile. */
const noseOffset: Ramp = [0.8, 0.2];
/** Angle of the line through the eyes to the horizontal. */
const tiltDegrees: Ramp = [75, 40];
/** Variance of the Laplacian over variance of the brightness, so that a dim face does not pass for a blurred one. */
const relativeDetail: Ramp = [0.0005, 0.02];
/** Standard deviation of the luma, 0 to 255. */
const contrast: Ramp = [3, 12];
/** Share of the pixels that have lost what they showed. */
const clippedShare: Ramp = [0.9, 0.2];
/** Luma outside of this counts as black or white. */
const [blackest, whitest] = [8, 247];
/** Score of MTCNN's O-Net. */
const faceScore: Ramp = [0.4, 0.95];

/** Faces that score less are neither matched nor enrolled. */
export const qualityFloor = 0.1;

/** A face is as good as its weakest part. */
export function qualityScore(quality: FaceQuality): number {
  return quality[weakestPart(quality)];
}

/** The part with the lowest value. */
export function weakestPart(quality: FaceQuality): keyof FaceQuality {
  const parts = Object.keys(quality) as (keyof FaceQuality)[];
  return parts.reduce((weakest, part) => (quality[part] < quality[weakest] ? part : weakest));
}

/** The parts that follow from the landmarks alone, each 0 to 1; the score cannot be higher than either. */
export function landmarkQuality(landmarks: Landmarks): Pick<FaceQuality, 'size' | 'pose'> {
  const [leftEye, rightEye, nose] = landmarks;
  const acrossX = rightEye.x - leftEye.x;
  const acrossY = rightEye.y - leftEye.y;
  const eyeDistance = Math.hypot(acrossX, acrossY);
  if (eyeDistance === 0) return { size: 0, pose: 0 };
  const sideways =
    ((nose.x - (leftEye.x + rightEye.x) / 2) * acrossX + (nose.y - (leftEye.y + rightEye.y) / 2) * acrossY) /
    eyeDistance ** 2;
  const tilt = Math.abs(Math.atan2(acrossY, acrossX)) * (180 / Math.PI);
  return {
    size: climb(eyeDistance, eyeDistancePixels),
    pose: Math.min(climb(Math.abs(sideways), noseOffset), climb(tilt, tiltDegrees)),
  };
}

/**
 * The quality of a face from its landmarks in the picture it was cut from, its aligned chip, and the score, 0 to 1,
 * that O-Net gives it.
 */
export function faceQuality(landmarks: Landmarks, chip: RgbImage, score: number): FaceQuality {
  const luma = lumaOf(chip);
  const variance = varianceOf(luma);
  const detail = variance > 0 ? varianceOf(laplacian(luma, chip.width, chip.height)) / variance : 0;
  return {
    ...landmarkQuality(landmarks),
    sharpness: climb(detail, relativeDetail),
    exposure: Math.min(climb(Math.sqrt(variance), contrast), climb(clipped(luma), clippedShare)),
    visibility: climb(score, faceScore),
  };
}

/** 0 at one end of a ramp, 1 at the other, straight between and cut off beyond. */
function climb(value: number, [zeroAt, oneAt]: Ramp): number {
  return Math.min(1, Math.max(0, (value - zeroAt) / (oneAt - zeroAt)));
}

/** Rec. 601 luma, 0 to 255. */
function lumaOf({ data }: RgbImage): Float32Array {
  const luma = new Float32Array(data.length / 3);
  for (let pixel = 0, index = 0; pixel < luma.length; pixel++, index += 3) {
    luma[pixel] =
      0.299 * (data[index] as number) +
      0.587 * (data[index + 1] as number) +
      0.114 * (data[index + 2] as number);
  }
  return luma;
}

function clipped(luma: Float32Array): number {
  let count = 0;
  for (const value of luma) if (value < blackest || value > whitest) count++;
  return count / luma.length;
}

function varianceOf(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  // Rounding may take it below 0.
  return Math.max(0, squares / values.length - mean * mean);
}

/**
 * The Laplacian of every pixel off the border. Its variance is a common measure of focus (Pech-Pacheco et al., ICPR
 * 2000).
 */
function laplacian(luma: Float32Array, width: number, height: number): Float32Array {
  const answers = new Float32Array((width - 2) * (height - 2));
  let target = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let index = y * width + 1; index < (y + 1) * width - 1; index++) {
      const beside = (luma[index - 1] as number) + (luma[index + 1] as number);
      const aboveAndBelow = (luma[index - width] as number) + (luma[index + width] as number);
      answers[target++] = beside + aboveAndBelow - 4 * (luma[index] as number);
    }
  }
  return answers;
}
