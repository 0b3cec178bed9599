/** Boxes by their corners, in one row each: x1, y1, x2, y2, score. */
export type ScoredCorners = readonly [x1: number, y1: number, x2: number, y2: number, score: number];

export type Overlap = (a: ScoredCorners, b: ScoredCorners) => number;

/** Intersection over union of two boxes given by corners. */
export function unionOverlap(a: ScoredCorners, b: ScoredCorners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection);
}

/** Intersection over the smaller box, with both corners' pixels counted, as MTCNN's last stage measures it. */
export function minimumOverlap(a: ScoredCorners, b: ScoredCorners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  if (width <= 0 || height <= 0) return 0;
  const smaller = Math.min((a[2] - a[0] + 1) * (a[3] - a[1] + 1), (b[2] - b[0] + 1) * (b[3] - b[1] + 1));
  return (width * height) / smaller;
}

/**
 * Greedy non-maximum suppression: indices of the boxes kept, best score first. A box is dropped when its overlap with
 * a better one that was kept is above `threshold`.
 */
export function nonMaximumSuppression(
  boxes: readonly ScoredCorners[],
  threshold: number,
  overlap: Overlap = unionOverlap,
): number[] {
  const order = boxes.map((_, index) => index).sort((a, b) => scoreAt(boxes, b) - scoreAt(boxes, a) || a - b);
  const kept: number[] = [];
  for (const index of order) {
    const box = boxes[index] as ScoredCorners;
    if (kept.every((better) => overlap(boxes[better] as ScoredCorners, box) <= threshold)) kept.push(index);
  }
  return kept;
}

function scoreAt(boxes: readonly ScoredCorners[], index: number): number {
  return (boxes[index] as ScoredCorners)[4];
}
