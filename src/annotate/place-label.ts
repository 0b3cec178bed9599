import type { Box } from '../core/geometry.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Where the label of a face goes, in whole pixels and inside the picture when it fits there: above the face, else
 * below, else inside its top; flush with its left side or with its right, whichever covers least of the labels `taken`.
 *
 * @param line thickness of the face's frame outside its box, in pixels
 */
export function placeLabel(label: Size, face: Box, line: number, picture: Size, taken: readonly Box[]): Box {
  const left = Math.round(face.x) - line;
  const right = Math.round(face.x + face.width) + line - label.width;
  const above = Math.round(face.y) - line - label.height;
  const below = Math.round(face.y + face.height) + line;
  const inside = Math.round(face.y) + line;
  let best: Box | undefined;
  let leastCovered = Infinity;
  for (const y of [above, below, inside]) {
    if ((y < 0 || y + label.height > picture.height) && y !== inside) continue;
    for (const x of [left, right]) {
      const place = {
        ...label,
        x: within(x, picture.width - label.width),
        y: within(y, picture.height - label.height),
      };
      const covered = taken.reduce((sum, other) => sum + overlap(place, other), 0);
      if (covered >= leastCovered) continue;
      best = place;
      leastCovered = covered;
    }
  }
  return best!;
}

function within(value: number, max: number): number {
  return Math.max(0, Math.min(value, max));
}

/** Common area in square pixels. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}
