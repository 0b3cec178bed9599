import type { ScoredCorners } from '../../core/nms.js';
import type { Window } from './resample.js';

/** A box on its way through the cascade: corners and score, and the regression its network asked for. */
export interface Candidate {
  readonly box: ScoredCorners;
  /** Shifts of x1, y1, x2, y2 as fractions of the box's size. */
  readonly regression: readonly [number, number, number, number];
}

const cellStride = 2;
const cellSize = 12;

/** Scales at which P-Net looks, largest first: a face of `minFaceSize` pixels becomes 12 pixels at the first. */
export function pyramidScales(width: number, height: number, minFaceSize: number, factor: number): number[] {
  const scales: number[] = [];
  let scale = cellSize / minFaceSize;
  for (; Math.min(width, height) * scale >= cellSize; scale *= factor) scales.push(scale);
  return scales;
}

/** P-Net's output map at one scale as candidates in pixels of the whole picture. */
export function readProposals(
  map: {
    readonly width: number;
    readonly height: number;
    readonly faces: Float32Array;
    readonly regressions: Float32Array;
  },
  scale: number,
  threshold: number,
): Candidate[] {
  const { width, height, faces, regressions } = map;
  const plane = width * height;
  const candidates: Candidate[] = [];
  for (let i = 0; i < plane; i++) {
    const score = faces[i] as number;
    if (score < threshold) continue;
    const x = i % width;
    const y = (i - x) / width;
    candidates.push({
      box: [
        Math.floor((cellStride * x + 1) / scale),
        Math.floor((cellStride * y + 1) / scale),
        Math.floor((cellStride * x + cellSize) / scale),
        Math.floor((cellStride * y + cellSize) / scale),
        score,
      ],
      regression: [0, 1, 2, 3].map((k) => regressions[k * plane + i] as number) as [
        number,
        number,
        number,
        number,
      ],
    });
  }
  return candidates;
}

/** Moves the corners as the network asks. R-Net and O-Net count both corners' pixels (`inclusive` 1), P-Net does not. */
export function regress({ box, regression }: Candidate, inclusive: 0 | 1): ScoredCorners {
  const width = box[2] - box[0] + inclusive;
  const height = box[3] - box[1] + inclusive;
  return [
    box[0] + regression[0] * width,
    box[1] + regression[1] * height,
    box[2] + regression[2] * width,
    box[3] + regression[3] * height,
    box[4],
  ];
}

/** The square about the same centre whose side is the longer one. */
export function square([x1, y1, x2, y2, score]: ScoredCorners): ScoredCorners {
  const side = Math.max(x2 - x1, y2 - y1);
  const left = x1 + (x2 - x1 - side) / 2;
  const top = y1 + (y2 - y1 - side) / 2;
  return [left, top, left + side, top + side, score];
}

/** The pixels of a box inside the picture, counted from 1 as MTCNN does; undefined when none is. */
export function insideWindow(box: ScoredCorners, width: number, height: number): Window | undefined {
  const left = Math.max(1, Math.trunc(box[0])) - 1;
  const top = Math.max(1, Math.trunc(box[1])) - 1;
  const right = Math.min(width, Math.trunc(box[2]));
  const bottom = Math.min(height, Math.trunc(box[3]));
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}
