import type { Point } from './geometry.js';

/** Whether a point lies inside a polygon given by its corners in order (even–odd rule). */
export function contains(polygon: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  polygon.forEach((a, i) => {
    const b = polygon.at(i - 1) as Point;
    // Edges are half-open in y, so that a ray through a corner crosses one of its two edges.
    const crosses = a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
    if (crosses) inside = !inside;
  });
  return inside;
}
