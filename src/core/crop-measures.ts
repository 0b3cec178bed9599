import type { Landmarks } from './face.js';
import type { RgbImage } from './image.js';
import { halvePlane, lumaAt, lumaOf, lumaScale, type Part, type Plane } from './luma-plane.js';

/** The strongest grid in a picture. */
export interface Grid {
  /** Distance of its lines in pixels; 0 for none. */
  readonly period: number;
  /** Mean step between neighbouring pixels off the lines over that at the lines: 1 without a grid, 0 in a mosaic. */
  readonly contrast: number;
}

/** The periods that are tried, in thirds of a pixel: those of blocks in pictures that were scaled by simple fractions. */
const [leastPeriod, mostPeriod, periodSteps] = [2, 16, 3];
/** Blocks smaller than this, in distances of the eyes, do no harm. */
const leastHarmful = 0.05;
/** A grid is told by so many lines. */
const fewestLines = 4;
/** Added to steps before they divide: without it a picture without any step would have a grid. */
const leastStep = 0.25;
/** Of the lines of a large picture, so many tell as much as all. */
const enoughLines = 100;

/** How lines, rows or columns, lie in the data of a picture. */
interface Layout {
  /** Pixels in a line. */
  readonly length: number;
  /** How far it is from one pixel of a line to the next, in `data`. */
  readonly next: number;
  readonly lines: number;
  /** How far it is from one line to the next, in `data`. */
  readonly nextLine: number;
}

/**
 * Looks for a grid of steps in both directions: the edges of compressed blocks, or of pixels that were made larger.
 * @param landmarks in pixels of `crop`
 */
export function gridContrast(crop: RgbImage, landmarks: Landmarks): Grid {
  const eyeDistance = eyeDistanceIn(landmarks);
  let strongest: Grid = { period: 0, contrast: 1 };
  // No grid that is tried can harm so large a face.
  if (mostPeriod < leastHarmful * eyeDistance) return strongest;
  const { width, height, data } = crop;
  const across = meanSteps(data, { length: width, next: 3, lines: height, nextLine: 3 * width });
  const down = meanSteps(data, { length: height, next: 3 * width, lines: width, nextLine: 3 });
  for (let thirds = leastPeriod * periodSteps; thirds <= mostPeriod * periodSteps; thirds++) {
    const period = thirds / periodSteps;
    if (period < leastHarmful * eyeDistance || Math.min(across.length, down.length) < fewestLines * period)
      continue;
    const contrast = Math.max(contrastAt(across, thirds), contrastAt(down, thirds));
    if (contrast < strongest.contrast) strongest = { period, contrast };
  }
  return strongest;
}

/** Mean step of luma along the lines of a picture, from each place to the next. */
function meanSteps(data: Uint8Array, { length, next, lines, nextLine }: Layout): Float64Array {
  const steps = new Float64Array(length - 1);
  const skip = Math.max(1, Math.floor(lines / enoughLines));
  for (let line = 0; line < lines; line += skip) {
    let index = line * nextLine;
    let before = lumaAt(data, index);
    for (let at = 0; at < steps.length; at++) {
      index += next;
      const luma = lumaAt(data, index);
      steps[at] = (steps[at] as number) + Math.abs(luma - before);
      before = luma;
    }
  }
  const scale = lumaScale * Math.ceil(lines / skip);
  return steps.map((sum) => sum / scale);
}

/** Of the steps at each phase of a period: their sum and number. */
const sums = new Float64Array(mostPeriod);
const counts = new Float64Array(mostPeriod);

/** The mean of the steps off the lines of a grid over that at the lines, where the lines are strongest. */
function contrastAt(steps: Float64Array, thirds: number): number {
  sums.fill(0);
  counts.fill(0);
  let total = 0;
  for (let index = 0, position = 0; index < steps.length; index++) {
    const phase = Math.floor(position / periodSteps);
    const step = steps[index] as number;
    sums[phase] = (sums[phase] as number) + step;
    counts[phase] = (counts[phase] as number) + 1;
    total += step;
    position += periodSteps;
    if (position >= thirds) position -= thirds;
  }
  let [most, onLines, lines] = [-1, 0, 0];
  for (let phase = 0; phase < mostPeriod; phase++) {
    const [sum, count] = [sums[phase] as number, counts[phase] as number];
    if (count > 0 && sum / count > most) [most, onLines, lines] = [sum / count, sum, count];
  }
  return (total - onLines) / (steps.length - lines) / (most + leastStep);
}

/** Faces are halved until the eyes are nearer than this, in pixels: enlarged thrice, larger ones are large enough all the same. */
const mostEyeDistance = 60;
/** With eyes nearer than this, a face is too small to tell. */
const leastEyeDistance = 20;
/** Frequencies in cycles a pixel: the highest octave, and one well below it. */
const highest = { from: 0.25, to: 0.5 };
const lower = { from: 0.06, to: 0.125 };
/** Power of the highest octave over that of the lower one, below which there is nothing in it. */
const emptyBelow = 10 ** -2.74;
/** What a picture with an empty octave was enlarged by, at least. */
const enlargement = 3;
/** One line in so many is looked at. */
const lineStep = 3;
/** How far the face reaches beyond its landmarks, in distances of the eyes. */
const reach = 0.35;

/**
 * Finds out whether a picture was enlarged: it has next to nothing in its highest octave then, less than soft photos have.
 * @param landmarks in pixels of `crop`
 * @returns the distance of the eyes in pixels, before that; undefined when the picture does not look enlarged
 */
export function emptyOctave(crop: RgbImage, landmarks: Landmarks): number | undefined {
  const inCrop = eyeDistanceIn(landmarks);
  let before: number | undefined;
  for (let shrink = 1; inCrop / shrink >= leastEyeDistance; shrink *= 2) {
    const eyeDistance = inCrop / shrink;
    if (eyeDistance < mostEyeDistance && isOctaveEmpty(crop, shrink, faceIn(crop, landmarks, shrink))) {
      before = eyeDistance / enlargement;
    }
  }
  return before;
}

/** Where the face is, in pixels of a picture that was made smaller. */
function faceIn({ width, height }: RgbImage, landmarks: Landmarks, shrink: number): Part {
  const margin = (reach * eyeDistanceIn(landmarks)) / shrink;
  const [xs, ys] = [landmarks.map(({ x }) => x / shrink), landmarks.map(({ y }) => y / shrink)];
  return {
    left: Math.max(0, Math.floor(Math.min(...xs) - margin)),
    top: Math.max(0, Math.floor(Math.min(...ys) - margin)),
    right: Math.min(Math.floor(width / shrink), Math.floor(Math.max(...xs) + margin)),
    bottom: Math.min(Math.floor(height / shrink), Math.floor(Math.max(...ys) + margin)),
  };
}

function isOctaveEmpty(crop: RgbImage, shrink: number, face: Part): boolean {
  const [width, height] = [face.right - face.left, face.bottom - face.top];
  if (Math.min(width, height) < leastEyeDistance) return false;
  const { data } = shrunkLuma(crop, shrink, face);
  const rows = linesOf(data, { length: width, next: 1, lines: height, nextLine: width });
  const columns = linesOf(data, { length: height, next: width, lines: width, nextLine: 1 });
  const least = emptyBelow * (power(rows, lower) + power(columns, lower));
  return power(rows, highest, least) + power(columns, highest, least) < least;
}

/** @param part in pixels of the picture that was halved until it is `shrink` times smaller */
function shrunkLuma(image: RgbImage, shrink: number, { left, top, right, bottom }: Part): Plane {
  const scaled = { left: left * shrink, top: top * shrink, right: right * shrink, bottom: bottom * shrink };
  let plane = lumaOf(image, scaled);
  for (let scale = shrink; scale > 1; scale /= 2) plane = halvePlane(plane);
  return plane;
}

/** Some lines of a picture, one after another. */
interface Lines {
  readonly length: number;
  readonly values: Float32Array;
  /** Of parts of a circle, as many as a line is long. */
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/** Some lines of a picture, without the mean of each, faded out to both ends (Hann). */
function linesOf(data: Float32Array, { length, next, lines, nextLine }: Layout): Lines {
  const values = new Float32Array(Math.ceil(lines / lineStep) * length);
  const [fade, cosines, sines] = [
    new Float32Array(length),
    new Float32Array(length),
    new Float32Array(length),
  ];
  for (let at = 0; at < length; at++) {
    fade[at] = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / (length - 1));
    cosines[at] = Math.cos((2 * Math.PI * at) / length);
    sines[at] = Math.sin((2 * Math.PI * at) / length);
  }
  for (let line = 0, target = 0; line < lines; line += lineStep) {
    const first = line * nextLine;
    let sum = 0;
    for (let at = 0, index = first; at < length; at++, index += next) sum += data[index] as number;
    const mean = sum / length;
    for (let at = 0, index = first; at < length; at++, index += next) {
      values[target++] = ((data[index] as number) - mean) * (fade[at] as number);
    }
  }
  return { length, values, cosines, sines };
}

/**
 * Mean power in a band, by the discrete Fourier transform of each line. Stops where it is clear that the mean is `enough` or
 * more, and returns a part of it then that is.
 */
function power(lines: Lines, { from, to }: { from: number; to: number }, enough = Infinity): number {
  const { length, values } = lines;
  const [first, last] = [Math.ceil(from * length), Math.floor(to * length)];
  const count = (last - first + 1) * (values.length / length);
  let sum = 0;
  for (let wave = first; wave <= last && sum < enough * count; wave++) sum += powerOf(lines, wave);
  return sum / count;
}

/** Power of one frequency, summed over all lines. */
function powerOf({ length, values, cosines, sines }: Lines, wave: number): number {
  let sum = 0;
  for (let start = 0; start < values.length; start += length) {
    let [real, imaginary, turn] = [0, 0, 0];
    for (let index = start; index < start + length; index++) {
      const value = values[index] as number;
      real += value * (cosines[turn] as number);
      imaginary += value * (sines[turn] as number);
      turn += wave;
      if (turn >= length) turn -= length;
    }
    sum += real * real + imaginary * imaginary;
  }
  return sum;
}

function eyeDistanceIn([leftEye, rightEye]: Landmarks): number {
  return Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
}
