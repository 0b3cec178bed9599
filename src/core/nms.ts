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
 *
 * @param overlap 0 for boxes that are a pixel or more apart
 */
export function nonMaximumSuppression(
  boxes: readonly ScoredCorners[],
  threshold: number,
  overlap: Overlap = unionOverlap,
): number[] {
  const order = boxes.map((_, index) => index).sort((a, b) => scoreAt(boxes, b) - scoreAt(boxes, a) || a - b);
  const kept: number[] = [];
  const tiles = new Tiles(boxes);
  for (const index of order) {
    const box = boxes[index] as ScoredCorners;
    if (tiles.someNear(box, (better) => overlap(better, box) > threshold)) continue;
    kept.push(index);
    tiles.add(box);
  }
  return kept;
}

function scoreAt(boxes: readonly ScoredCorners[], index: number): number {
  return (boxes[index] as ScoredCorners)[4];
}

/** More rows of tiles than any picture has. */
const maxTileRows = 2 ** 20;

/** Boxes by where their top left corner lies, in tiles so large that only boxes of adjacent ones can touch. */
class Tiles {
  readonly #side: number;
  readonly #boxes = new Map<number, ScoredCorners[]>();

  /** @param boxes all that there will be */
  constructor(boxes: readonly ScoredCorners[]) {
    this.#side = boxes.reduce((side, [x1, y1, x2, y2]) => Math.max(side, x2 - x1, y2 - y1), 0) + 1;
  }

  add(box: ScoredCorners): void {
    const key = this.#tileAt(box, 0, 0);
    const tile = this.#boxes.get(key);
    if (tile === undefined) this.#boxes.set(key, [box]);
    else tile.push(box);
  }

  someNear(box: ScoredCorners, test: (other: ScoredCorners) => boolean): boolean {
    for (let right = -1; right <= 1; right++) {
      for (let down = -1; down <= 1; down++) {
        if (this.#boxes.get(this.#tileAt(box, right, down))?.some(test)) return true;
      }
    }
    return false;
  }

  #tileAt([x1, y1]: ScoredCorners, right: number, down: number): number {
    return (Math.floor(x1 / this.#side) + right) * maxTileRows + Math.floor(y1 / this.#side) + down;
  }
}
