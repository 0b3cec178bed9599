import type { Landmarks } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';
import type { ScoredCorners } from '../../core/nms.js';
import type { ProposalMap, Verdicts } from './networks.js';
import type { Window } from '../../core/area-kernel.js';
import { cellSize, cellStride, type Strip } from './pyramid.js';

/** A box on its way through the cascade: corners, score, and the regression that the last network returned. */
export interface Candidate {
  readonly box: ScoredCorners;
  /** Shifts of x1, y1, x2, y2 as fractions of the box's size. */
  readonly regression: readonly [number, number, number, number];
}

/** The cells in which P-Net sees a face, as candidates in pixels of the picture. */
export function readProposals(
  map: ProposalMap,
  { level, firstRow, firstColumn }: Strip,
  threshold: number,
): Candidate[] {
  const { width, height, faces, regressions } = map;
  const candidates: Candidate[] = [];
  for (let cell = 0; cell < width * height; cell++) {
    const score = faces[cell] as number;
    if (score < threshold) continue;
    const column = cell % width;
    const x = cellStride * column + firstColumn;
    const y = (cellStride * (cell - column)) / width + firstRow;
    candidates.push({
      box: [
        Math.floor((x + 1) / level.scale),
        Math.floor((y + 1) / level.scale),
        Math.floor((x + cellSize) / level.scale),
        Math.floor((y + cellSize) / level.scale),
        score,
      ],
      regression: fourAt(regressions, cell, width * height),
    });
  }
  return candidates;
}

/** A network's output for one crop as a candidate. */
export function readVerdict(box: ScoredCorners, verdicts: Verdicts, index: number): Candidate {
  const score = verdicts.probabilities[2 * index + 1] as number;
  return {
    box: [box[0], box[1], box[2], box[3], score],
    regression: fourAt(verdicts.regressions, 4 * index, 1),
  };
}

/** The landmarks that O-Net found in the crop of a box. */
export function readLandmarks(
  [x1, y1, x2, y2]: ScoredCorners,
  { points }: Verdicts,
  index: number,
): Landmarks {
  const at = (k: number): { x: number; y: number } => ({
    x: (x2 - x1 + 1) * (points[10 * index + k] as number) + x1 - 1,
    y: (y2 - y1 + 1) * (points[10 * index + 5 + k] as number) + y1 - 1,
  });
  return [at(0), at(1), at(2), at(3), at(4)];
}

/**
 * Moves the corners by the network's regression. R-Net and O-Net include both corner pixels (`inclusive` 1); P-Net does
 * not.
 */
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

/** The square with the same centre and the longer side of a box. */
export function square([x1, y1, x2, y2, score]: ScoredCorners): ScoredCorners {
  const side = Math.max(x2 - x1, y2 - y1);
  const left = x1 + (x2 - x1 - side) / 2;
  const top = y1 + (y2 - y1 - side) / 2;
  return [left, top, left + side, top + side, score];
}

/** The part of a box inside the picture, with MTCNN's pixel numbers that start at 1; undefined if there is none. */
export function insideWindow(box: ScoredCorners, width: number, height: number): Window | undefined {
  const left = Math.max(1, Math.trunc(box[0])) - 1;
  const top = Math.max(1, Math.trunc(box[1])) - 1;
  const right = Math.min(width, Math.trunc(box[2]));
  const bottom = Math.min(height, Math.trunc(box[3]));
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}

export function toBox([x1, y1, x2, y2]: ScoredCorners): Box {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

/** @param score any value will do for boxes that a network scores again */
export function toCorners({ x, y, width, height }: Box, score = 1): ScoredCorners {
  return [x, y, x + width, y + height, score];
}

function fourAt(values: Float32Array, start: number, step: number): [number, number, number, number] {
  return [
    values[start] as number,
    values[start + step] as number,
    values[start + 2 * step] as number,
    values[start + 3 * step] as number,
  ];
}
