import type { Landmarks } from './face.js';
import type { Point } from './geometry.js';
import { halvePlane, type Plane } from './luma-plane.js';

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

/**
 * Looks for a grid of steps in both directions: the edges of compressed blocks, or of pixels that were made larger.
 * @param landmarks in pixels of `luma`
 */
export function gridContrast(luma: Plane, landmarks: Landmarks): Grid {
  const eyeDistance = eyeDistanceIn(landmarks);
  const across = stepsAcross(luma);
  const down = stepsDown(luma);
  const shorter = Math.min(across.length, down.length);
  let strongest: Grid = { period: 0, contrast: 1 };
  for (let step = leastPeriod * periodSteps; step <= mostPeriod * periodSteps; step++) {
    const period = step / periodSteps;
    if (period < leastHarmful * eyeDistance || shorter < fewestLines * period) continue;
    const contrast = Math.max(contrastAt(across, period), contrastAt(down, period));
    if (contrast < strongest.contrast) strongest = { period, contrast };
  }
  return strongest;
}

/** Mean step from each column to the next. */
function stepsAcross({ width, height, data }: Plane): Float32Array {
  const steps = new Float32Array(Math.max(0, width - 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0, index = y * width; x < steps.length; x++, index++) {
      steps[x] =
        (steps[x] as number) + Math.abs((data[index + 1] as number) - (data[index] as number)) / height;
    }
  }
  return steps;
}

/** Mean step from each row to the next. */
function stepsDown({ width, height, data }: Plane): Float32Array {
  const steps = new Float32Array(Math.max(0, height - 1));
  for (let y = 0; y < steps.length; y++) {
    let sum = 0;
    for (let index = y * width; index < (y + 1) * width; index++)
      sum += Math.abs((data[index + width] as number) - (data[index] as number));
    steps[y] = sum / width;
  }
  return steps;
}

/** The mean of the steps off the lines of a grid over that at the lines, where the lines are strongest. */
function contrastAt(steps: Float32Array, period: number): number {
  const phases = Math.ceil(period - 1e-6);
  const sums = new Float64Array(phases);
  const counts = new Float64Array(phases);
  let total = 0;
  for (let index = 0; index < steps.length; index++) {
    const phase = Math.min(phases - 1, Math.floor((index % period) + 1e-6));
    const step = steps[index] as number;
    sums[phase] = (sums[phase] as number) + step;
    counts[phase] = (counts[phase] as number) + 1;
    total += step;
  }
  let [most, onLines, lines] = [-1, 0, 0];
  for (let phase = 0; phase < phases; phase++) {
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
 * @param landmarks in pixels of `luma`
 * @returns the distance of the eyes in pixels, before that; undefined when the picture does not look enlarged
 */
export function emptyOctave(luma: Plane, landmarks: Landmarks): number | undefined {
  let [plane, scale, eyeDistance] = [luma, 1, eyeDistanceIn(landmarks)];
  let before: number | undefined;
  while (eyeDistance >= leastEyeDistance) {
    const points = landmarks.map(({ x, y }) => ({ x: x * scale, y: y * scale }));
    if (eyeDistance < mostEyeDistance && isOctaveEmpty(plane, points, reach * eyeDistance)) {
      before = eyeDistance / enlargement;
    }
    [plane, scale, eyeDistance] = [halvePlane(plane), scale / 2, eyeDistance / 2];
  }
  return before;
}

function isOctaveEmpty(plane: Plane, points: readonly Point[], margin: number): boolean {
  const [left, right] = extent(
    points.map(({ x }) => x),
    margin,
    plane.width,
  );
  const [top, bottom] = extent(
    points.map(({ y }) => y),
    margin,
    plane.height,
  );
  const rows = linesOf(plane, left, right, top, bottom, (x, y) => y * plane.width + x);
  const columns = linesOf(plane, top, bottom, left, right, (y, x) => y * plane.width + x);
  if (rows.length === 0 || columns.length === 0) return false;
  const above = power(rows, highest) + power(columns, highest);
  return above < emptyBelow * (power(rows, lower) + power(columns, lower));
}

function extent(positions: readonly number[], margin: number, size: number): [from: number, to: number] {
  const from = Math.max(0, Math.floor(Math.min(...positions) - margin));
  return [from, Math.min(size, Math.floor(Math.max(...positions) + margin))];
}

/** Some lines of a rectangle, without its mean, faded out to both ends (Hann). */
function linesOf(
  { data }: Plane,
  from: number,
  to: number,
  firstLine: number,
  endLine: number,
  indexOf: (along: number, line: number) => number,
): Float32Array[] {
  const length = to - from;
  if (length < leastEyeDistance) return [];
  const lines: Float32Array[] = [];
  for (let line = firstLine; line < endLine; line += lineStep) {
    const values = Float32Array.from({ length }, (_, at) => data[indexOf(from + at, line)] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / length;
    lines.push(
      values.map((value, at) => (value - mean) * (0.5 - 0.5 * Math.cos((2 * Math.PI * at) / (length - 1)))),
    );
  }
  return lines;
}

/** Mean power in a band, by the discrete Fourier transform of each line. */
function power(lines: readonly Float32Array[], { from, to }: { from: number; to: number }): number {
  const length = lines[0]?.length ?? 0;
  let [sum, count] = [0, 0];
  const turns = Float32Array.from({ length }, (_, at) => (2 * Math.PI * at) / length);
  const [cosines, sines] = [turns.map(Math.cos), turns.map(Math.sin)];
  for (let wave = Math.ceil(from * length); wave <= to * length; wave++) {
    for (const line of lines) {
      let [real, imaginary, turn] = [0, 0, 0];
      for (let at = 0; at < length; at++) {
        const value = line[at] as number;
        real += value * (cosines[turn] as number);
        imaginary += value * (sines[turn] as number);
        turn += wave;
        if (turn >= length) turn -= length;
      }
      sum += real * real + imaginary * imaginary;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}

function eyeDistanceIn([leftEye, rightEye]: Landmarks): number {
  return Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
}
