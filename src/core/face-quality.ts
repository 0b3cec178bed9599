import { chipMeasures } from './chip-measures.js';
import { emptyOctave, gridContrast } from './crop-measures.js';
import type { Landmarks } from './face.js';
import type { RgbImage } from './image.js';

/**
 * How well a face serves recognition, in parts of 0 to 1 each. docs/recognition.md says how the ramps were measured.
 */
export interface FaceQuality {
  /** From the distance of the eyes in pixels; of a picture that was enlarged, in pixels before that. */
  readonly size: number;
  /** From how far the face is turned to the side (where the nose lies between the eyes) and the head tilted. */
  readonly pose: number;
  /** From how much of the aligned face's contrast is detail, in the direction that has the least: movement blurs one only. */
  readonly sharpness: number;
  /** From the noise of the aligned face in relation to its contrast. */
  readonly noise: number;
  /** From how much the picture consists of blocks: compression, or pixels that were made larger. */
  readonly blocks: number;
  /** From the aligned face's contrast, and how much of it is black or white. */
  readonly exposure: number;
  /** From whether there is anything to see where the eyes should be. */
  readonly eyes: number;
  /** From whether there is anything to see where the mouth should be. */
  readonly mouth: number;
  /** From how sure a detector is that it sees a whole face here: hands and hair make it doubt. */
  readonly visibility: number;
}

/** What is wrong with a face in which a part is low. */
export const weaknesses: Readonly<Record<keyof FaceQuality, string>> = {
  size: 'too small',
  pose: 'turned away',
  sharpness: 'blurred',
  noise: 'too noisy',
  blocks: 'too compressed or enlarged',
  exposure: 'too dark or too bright',
  eyes: 'eyes covered',
  mouth: 'mouth covered',
  visibility: 'partly hidden',
};

type Ramp = readonly [zeroAt: number, oneAt: number];

const eyeDistancePixels: Ramp = [8, 24];
/** Sideways distance of the nose from the middle of the eyes, in eye distances: 0 from the front, past .5 in profile. */
const noseOffset: Ramp = [0.8, 0.2];
/** Angle of the line through the eyes to the horizontal. */
const tiltDegrees: Ramp = [75, 40];
/** Energy of the second derivative in the weakest direction over variance, on the chip at half its size. */
const relativeDetail: Ramp = [0.004, 0.036];
/** Faces with eyes 16 pixels apart or less have no more detail than this. */
const detailOfLargeFaces = 0.12;
/** Deviation of the noise over that of the luma. */
const relativeNoise: Ramp = [0.37, 0.08];
/** Steps inside of blocks over steps at their edges; edges are smeared where the picture was scaled since. */
const blockContrast: Ramp = [0.155, 0.595];
const scaledBlockContrast: Ramp = [0.25, 0.75];
/** Side of the blocks of JPEG and other formats, in pixels of the picture that was compressed. */
const compressedBlock = 8;
/** Contrast within the eyes, and the bright part of them, in brightness of the cheeks. */
const eyeContrast: Ramp = [0.055, 0.13];
const eyeBrightness: Ramp = [0.29, 0.545];
/** Contrast from top to bottom of the mouth, in brightness of the cheeks. */
const mouthContrast: Ramp = [0.025, 0.07];
/** What is left of a face with eyes or mouth covered: more than half of them are recognised all the same. */
const leastUncovered = 0.25;
/** Standard deviation of the luma, 0 to 255. */
const contrast: Ramp = [3, 12];
/** Share of the pixels that have lost what they showed. */
const clippedShare: Ramp = [0.9, 0.2];
/** Score of MTCNN's O-Net. */
const faceScore: Ramp = [0.4, 0.95];

/** Faces that score less are neither matched nor enrolled. */
export const qualityFloor = 0.1;
/** Somebody is called a stranger only by faces that score this or more: were they enrolled, these would be recognised. */
const clearQuality = 0.5;

/** Whether a face is seen well enough to say that it is nobody's who is enrolled. */
export function isClear(quality: number): boolean {
  return quality >= clearQuality;
}

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

/** The distance of the eyes, in pixels, that a value of `size` below 1 stands for. */
export function eyeDistanceOf(size: number): number {
  const [least, enough] = eyeDistancePixels;
  return least + size * (enough - least);
}

/** A face in a picture, before and after alignment. */
export interface PicturedFace {
  /** The part of the picture that shows the face, at its own resolution. */
  readonly crop: RgbImage;
  /** In pixels of `crop`. */
  readonly landmarks: Landmarks;
  /** Aligned to ArcFace's template, 112×112. */
  readonly chip: RgbImage;
  /** O-Net's score, 0 to 1. */
  readonly score: number;
}

export function faceQuality({ crop, landmarks, chip, score }: PicturedFace): FaceQuality {
  const { size, pose } = landmarkQuality(landmarks);
  const grid = gridContrast(crop, landmarks);
  const seen = chipMeasures(chip);
  const sharpness = climb(seen.detail, relativeDetail);
  // A blurred picture has as little in its highest octave as one that was enlarged.
  const mayBeEnlarged = isClear(sharpness) && seen.detail < detailOfLargeFaces;
  const enlargedFrom = mayBeEnlarged ? emptyOctave(crop, landmarks) : undefined;
  return {
    size: enlargedFrom === undefined ? size : Math.min(size, climb(enlargedFrom, eyeDistancePixels)),
    pose,
    sharpness,
    noise: climb(seen.noise, relativeNoise),
    blocks: climb(grid.contrast, grid.period === compressedBlock ? blockContrast : scaledBlockContrast),
    exposure: Math.min(climb(seen.contrast, contrast), climb(seen.clipped, clippedShare)),
    eyes: uncovered(Math.min(climb(seen.eyeContrast, eyeContrast), climb(seen.eyeBrightness, eyeBrightness))),
    mouth: uncovered(climb(seen.mouthContrast, mouthContrast)),
    visibility: climb(score, faceScore),
  };
}

function uncovered(seen: number): number {
  return leastUncovered + (1 - leastUncovered) * seen;
}

/** 0 at one end of a ramp, 1 at the other, straight between and cut off beyond. */
function climb(value: number, [zeroAt, oneAt]: Ramp): number {
  return Math.min(1, Math.max(0, (value - zeroAt) / (oneAt - zeroAt)));
}
