import type { Landmarks } from './face.js';
import type { Point } from './geometry.js';

/**
 * A similarity of the plane (rotation, uniform scale, shift; never a reflection):
 * (x, y) → (a·x − b·y + tx, b·x + a·y + ty). Scale is √(a² + b²).
 */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** Side in pixels of the square picture that ArcFace-style embedders take. */
export const chipSize = 112;

/**
 * Where the five landmarks lie in that picture, with pixel centres at .5.
 * Source: the reference points of ArcFace (Deng et al., CVPR 2019), which count pixel centres as whole numbers.
 */
export const arcFaceTemplate: Landmarks = [
  { x: 38.7946, y: 52.1963 },
  { x: 74.0318, y: 52.0014 },
  { x: 56.5252, y: 72.2366 },
  { x: 42.0493, y: 92.8655 },
  { x: 71.2299, y: 92.7041 },
];

/** The image of a point. */
export function applySimilarity({ a, b, tx, ty }: Similarity, { x, y }: Point): Point {
  return { x: a * x - b * y + tx, y: b * x + a * y + ty };
}

/** The similarity that undoes `similarity`, whose scale must not be 0. */
export function invertSimilarity({ a, b, tx, ty }: Similarity): Similarity {
  const squaredScale = a * a + b * b;
  const inverseA = a / squaredScale;
  const inverseB = -b / squaredScale;
  return {
    a: inverseA,
    b: inverseB,
    tx: -(inverseA * tx - inverseB * ty),
    ty: -(inverseB * tx + inverseA * ty),
  };
}

/**
 * The similarity that takes `from` to `to` with the least sum of squared distances.
 *
 * Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991.
 * In the plane its solution without reflection is the complex regression w ≈ c·z + t, which needs no SVD.
 *
 * @throws RangeError for lists of different length, fewer than two points, or points that all coincide.
 */
export function estimateSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  if (from.length !== to.length || from.length < 2) {
    throw new RangeError(
      `Expected two lists of 2 or more points each but received ${from.length} and ${to.length}`,
    );
  }
  const fromMean = mean(from);
  const toMean = mean(to);
  let spread = 0;
  let along = 0;
  let across = 0;
  for (const [index, point] of from.entries()) {
    const image = to[index] as Point;
    const x = point.x - fromMean.x;
    const y = point.y - fromMean.y;
    const u = image.x - toMean.x;
    const v = image.y - toMean.y;
    spread += x * x + y * y;
    along += x * u + y * v;
    across += x * v - y * u;
  }
  if (!(spread > 0)) throw new RangeError('Expected points that differ but all coincide');
  const a = along / spread;
  const b = across / spread;
  const shift = applySimilarity({ a, b, tx: 0, ty: 0 }, fromMean);
  return { a, b, tx: toMean.x - shift.x, ty: toMean.y - shift.y };
}

function mean(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point.x;
    y += point.y;
  }
  return { x: x / points.length, y: y / points.length };
}
