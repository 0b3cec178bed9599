import type { Box } from '../../core/geometry.js';

/**
 * The full-range network looks at 192×192 pixels and finds a face from about 12 of them on, so a view may be so many
 * times as wide as the smallest face. Measured on a full-HD crowd; docs/benchmarks.md.
 */
const viewSideInFaces = 16;
/** Least part of a view that the next one covers again, so that a small face is whole in one of them. */
const overlap = 0.2;

/**
 * The parts of a picture to look at, in whole pixels: the whole picture first, and when that would make the smallest
 * face too small for the network, overlapping squares that cover it.
 */
export function viewsOf(width: number, height: number, minFaceSize: number): Box[] {
  const whole = { x: 0, y: 0, width, height };
  const side = minFaceSize * viewSideInFaces;
  if (Math.max(width, height) <= side) return [whole];
  // A square as high as the picture is as good as a smaller one as long as it is allowed.
  const view = Math.min(side, Math.max(Math.min(width, height), side / 2));
  const columns = starts(width, view);
  const rows = starts(height, view);
  const tiles = rows.flatMap((y) =>
    columns.map((x) => ({ x, y, width: Math.min(view, width), height: Math.min(view, height) })),
  );
  return [whole, ...tiles];
}

/** Where views of a length begin so that they cover `extent` evenly. */
function starts(extent: number, length: number): number[] {
  if (length >= extent) return [0];
  const count = Math.ceil((extent - length) / (length * (1 - overlap))) + 1;
  return Array.from({ length: count }, (_, i) => Math.round(((extent - length) * i) / (count - 1)));
}
