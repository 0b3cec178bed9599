import type { Detection, Landmarks } from '../../core/face.js';
import { iou, type Point } from '../../core/geometry.js';
import type { LabelledFace } from './truth.js';

/** The labelled faces of one picture, and the detections in it. */
export interface SearchedPicture {
  readonly faces: readonly LabelledFace[];
  readonly detections: readonly Detection[];
}

/** How good a detector is on a set of pictures. */
export interface DetectionFigures {
  /** The share of faces that were found, 0 to 1. */
  readonly recall: number;
  /** The share of detections that are faces, 0 to 1; 0 if there are no detections. */
  readonly precision: number;
  /** Area under the curve of precision over recall, 0 to 1; see `averagePrecision`. */
  readonly averagePrecision: number;
  /**
   * Mean landmark error of the faces found, divided by the distance of the eyes; null if the truth has no landmarks.
   */
  readonly landmarkError: number | null;
  readonly images: number;
  /** Labelled faces that are not ignored. */
  readonly faces: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** The same faces by their height, smallest first; every face that counts is in one band. */
  readonly byHeight: readonly HeightBand[];
}

/** How many faces of about one size were found. */
export interface HeightBand {
  /** Height of the labelled box in pixels of the picture searched: at least `from`, less than `to`; null for no limit. */
  readonly from: number;
  readonly to: number | null;
  readonly faces: number;
  readonly found: number;
  /** The share found, 0 to 1; null in a band without faces. */
  readonly recall: number | null;
}

/** Where the bands of height begin, in pixels. */
const bandStarts = [0, 20, 40, 80];

/** A detection after comparison with the truth; detections of ignored faces are left out. */
interface Judged {
  readonly score: number;
  /** The labelled face that it matches; undefined for a false positive. */
  readonly face: LabelledFace | undefined;
  readonly landmarks: Landmarks;
}

/**
 * Compares detections with the truth. Best score first, each detection is matched with the unmatched face of its
 * picture that it overlaps most, if their intersection over union is at least `minIou`. An unmatched detection that
 * overlaps an ignored face this much does not count.
 *
 * @param minIou least intersection over union of a match, above 0 and up to 1
 */
export function detectionFigures(pictures: readonly SearchedPicture[], minIou: number): DetectionFigures {
  const judged = pictures.flatMap((picture) => judge(picture, minIou)).sort((a, b) => b.score - a.score);
  const faces = pictures.reduce((sum, picture) => sum + picture.faces.filter(counts).length, 0);
  const truePositives = judged.filter(({ face }) => face !== undefined).length;
  return {
    recall: faces === 0 ? 0 : truePositives / faces,
    precision: judged.length === 0 ? 0 : truePositives / judged.length,
    averagePrecision: averagePrecision(judged, faces),
    landmarkError: meanLandmarkError(judged),
    images: pictures.length,
    faces,
    truePositives,
    falsePositives: judged.length - truePositives,
    byHeight: recallByHeight(pictures, judged),
  };
}

function recallByHeight(pictures: readonly SearchedPicture[], judged: readonly Judged[]): HeightBand[] {
  const labelled = pictures.flatMap(({ faces }) => faces.filter(counts));
  const found = judged.flatMap(({ face }) => face ?? []);
  return bandStarts.map((from, index) => {
    const to = bandStarts[index + 1] ?? null;
    const within = ({ box }: LabelledFace): boolean => box.height >= from && (to === null || box.height < to);
    const [faces, foundFaces] = [labelled.filter(within).length, found.filter(within).length];
    return { from, to, faces, found: foundFaces, recall: faces === 0 ? null : foundFaces / faces };
  });
}

function counts(face: LabelledFace): boolean {
  return !face.ignored;
}

/**
 * Matching each picture by itself, best score first, is the same as matching all of them in the order of their scores.
 */
function judge({ faces, detections }: SearchedPicture, minIou: number): Judged[] {
  const free = new Set(faces.filter(counts));
  const ignored = faces.filter((face) => face.ignored);
  const judged: Judged[] = [];
  for (const { box, score, landmarks } of [...detections].sort((a, b) => b.score - a.score)) {
    const overlaps = (face: LabelledFace): boolean => iou(face.box, box) >= minIou;
    const [face] = [...free].filter(overlaps).sort((a, b) => iou(b.box, box) - iou(a.box, box));
    if (face === undefined && ignored.some(overlaps)) continue;
    if (face !== undefined) free.delete(face);
    judged.push({ score, face, landmarks });
  }
  return judged;
}

/**
 * All-point area under the curve of precision over recall, as in PASCAL VOC 2010 and later (M. Everingham et al., IJCV
 * 2015): each step of recall counts with the best precision at that recall or a higher one. Detections of equal score
 * form one step, so their order does not matter. The curve ends at the detector's own threshold.
 *
 * @param judged best score first
 */
function averagePrecision(judged: readonly Judged[], faces: number): number {
  if (faces === 0) return 0;
  const steps: { hits: number; precision: number }[] = [];
  let hits = 0;
  for (const [index, { score, face }] of judged.entries()) {
    if (face !== undefined) hits++;
    if (judged[index + 1]?.score !== score) steps.push({ hits, precision: hits / (index + 1) });
  }
  let area = 0;
  let bestPrecision = 0;
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index]!;
    bestPrecision = Math.max(bestPrecision, step.precision);
    area += (step.hits - (steps[index - 1]?.hits ?? 0)) * bestPrecision;
  }
  return area / faces;
}

function meanLandmarkError(judged: readonly Judged[]): number | null {
  const errors = judged.flatMap(({ face, landmarks }) =>
    face?.landmarks ? landmarkError(landmarks, face.landmarks) : [],
  );
  return errors.length === 0 ? null : errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

function landmarkError(found: Landmarks, truth: Landmarks): number {
  const [leftEye, rightEye] = truth;
  const sum = truth.reduce((total, point, index) => total + distance(point, found[index]!), 0);
  return sum / truth.length / distance(leftEye, rightEye);
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
