import type { Detection, DoubtReason, Landmarks } from '../core/face.js';
import { centre, type Box } from '../core/geometry.js';
import { applySimilarity, estimateSimilarity } from '../core/similarity.js';
import { likeness, type FacePatch } from './face-patch.js';
import { sizeOf } from './box-motion.js';

/** A face as one search saw it. */
export interface Sight {
  readonly detection: Detection;
  /** Undefined when the pixels are not at hand, or show no contrast. */
  readonly patch: FacePatch | undefined;
  readonly timeMs: number;
}

/** What happened between two sights of a track. */
export interface Passage {
  /** Where the face was expected at the time of the second. */
  readonly expected: Box;
  /** Searches in between that did not find it. */
  readonly missed: number;
  /** The interval between searches at present. */
  readonly intervalMs: number;
  /** Whether another track has come to, or left, the same place. */
  readonly overlapped: boolean;
}

/** A face that was not found for a few intervals, within these bounds, was hidden, and somebody may have taken its place. */
const hiddenIntervals = 2.5;
const hiddenMs = { least: 300, most: 600 };
/**
 * The largest change that one face explains: a part that the detector's jitter needs, and a part for each second in
 * between. On the demo clips, searched 25 times to once a second with MediaPipe or MTCNN, fewer than one pair of sights in
 * a hundred goes beyond. Distances are in face sizes, `scale` is a natural logarithm, `landmarks` in distances of the eyes.
 */
const explained = {
  distance: { always: 0.4, perSecond: 1 },
  scale: { always: 0.2, perSecond: 0.15 },
  rollDegrees: { always: 12, perSecond: 15 },
  landmarks: { always: 0.08, perSecond: 0.04 },
  unlikeness: { always: 0.25, perSecond: 0.1 },
};

/** Why the second sight may be of another face; undefined when everything speaks for the same one. */
export function reasonToDoubt(before: Sight, now: Sight, passage: Passage): DoubtReason | undefined {
  const unseenMs = now.timeMs - before.timeMs;
  const seconds = unseenMs / 1000;
  const patienceMs = Math.min(hiddenMs.most, Math.max(hiddenMs.least, hiddenIntervals * passage.intervalMs));
  if (passage.missed > 0 && unseenMs > patienceMs) return 'hidden';
  if (passage.overlapped) return 'overlapped';
  if (isBeyond('distance', distance(passage.expected, now.detection.box), seconds)) return 'jumped';
  const scale = Math.abs(Math.log(sizeOf(now.detection.box) / sizeOf(before.detection.box)));
  if (isBeyond('scale', scale, seconds)) return 'changed';
  if (landmarksChanged(before.detection.landmarks, now.detection.landmarks, seconds)) return 'changed';
  if (!before.patch || !now.patch) return undefined;
  return isBeyond('unlikeness', 1 - likeness(before.patch, now.patch), seconds) ? 'changed' : undefined;
}

function isBeyond(what: keyof typeof explained, change: number, seconds: number): boolean {
  const { always, perSecond } = explained[what];
  return change > always + perSecond * seconds;
}

function distance(expected: Box, box: Box): number {
  const [from, to] = [centre(expected), centre(box)];
  return Math.hypot(to.x - from.x, to.y - from.y) / sizeOf(expected);
}

/** Compares the shape and the tilt of two sets of landmarks, wherever they are and however large. */
function landmarksChanged(before: Landmarks, now: Landmarks, seconds: number): boolean {
  const [leftEye, rightEye] = now;
  const eyeDistance = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
  if (eyeDistance === 0 || coincide(before)) return false;
  const moved = estimateSimilarity(before, now);
  const squares = before.map((point, index) => {
    const { x, y } = applySimilarity(moved, point);
    const there = now[index] as (typeof now)[number];
    return (x - there.x) ** 2 + (y - there.y) ** 2;
  });
  const residual = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length) / eyeDistance;
  const rollDegrees = Math.abs(Math.atan2(moved.b, moved.a)) * (180 / Math.PI);
  return isBeyond('landmarks', residual, seconds) || isBeyond('rollDegrees', rollDegrees, seconds);
}

function coincide(landmarks: Landmarks): boolean {
  const [first] = landmarks;
  return landmarks.every(({ x, y }) => x === first.x && y === first.y);
}
