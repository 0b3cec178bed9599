/** A point in pixels of the frame; x to the right, y down. Pixel centres lie at .5. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An axis-parallel box in pixels of the frame (floats); (x, y) is the top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Area of a box in square pixels; 0 for a box with a negative side. */
export function area(box: Box): number {
  return Math.max(0, box.width) * Math.max(0, box.height);
}

/** Intersection over union of two boxes, 0 to 1; 0 when both are empty. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  const union = area(a) + area(b) - intersection;
  return union > 0 ? intersection / union : 0;
}

/** The centre of a box. */
export function centre(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The part of a box inside a picture; width and height are 0 when nothing is inside. */
export function clip(box: Box, width: number, height: number): Box {
  const left = Math.min(Math.max(box.x, 0), width);
  const top = Math.min(Math.max(box.y, 0), height);
  const right = Math.min(Math.max(box.x + box.width, left), width);
  const bottom = Math.min(Math.max(box.y + box.height, top), height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** A box of `factor` times the size about the same centre. */
export function scaleAboutCentre(box: Box, factor: number): Box {
  const { x, y } = centre(box);
  const width = box.width * factor;
  const height = box.height * factor;
  return { x: x - width / 2, y: y - height / 2, width, height };
}

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
