import type { Box, Point } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import type { LabelBitmap } from './label-cache.js';

export type Rgb = readonly [red: number, green: number, blue: number];

/** Fills a rectangle in whole pixels, clipped to the picture. */
export function fillRect(
  image: RgbImage,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Rgb,
): void {
  const left = Math.max(0, x);
  const right = Math.min(image.width, x + width);
  const top = Math.max(0, y);
  const bottom = Math.min(image.height, y + height);
  if (left >= right || top >= bottom) return;
  const { data } = image;
  const stride = image.width * 3;
  const start = top * stride + left * 3;
  const end = top * stride + right * 3;
  const [red, green, blue] = colour;
  for (let at = start; at < end; at += 3) {
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
  }
  // Copying the first row is several times as fast as writing every pixel.
  for (let row = top + 1; row < bottom; row++) data.copyWithin(start + (row - top) * stride, start, end);
}

/** Draws text with its top left corner at whole pixels, clipped to the picture. */
export function drawText(image: RgbImage, x: number, y: number, text: LabelBitmap, colour: Rgb): void {
  const [red, green, blue] = colour;
  const { data } = image;
  const fromColumn = Math.max(0, -x);
  const toColumn = Math.min(text.width, image.width - x);
  const toRow = Math.min(text.height, image.height - y);
  for (let row = Math.max(0, -y); row < toRow; row++) {
    let at = ((y + row) * image.width + x + fromColumn) * 3;
    for (let column = fromColumn; column < toColumn; column++, at += 3) {
      const ink = text.mask[row * text.width + column]!;
      if (ink === 0) continue;
      data[at] = blend(data[at]!, red, ink);
      data[at + 1] = blend(data[at + 1]!, green, ink);
      data[at + 2] = blend(data[at + 2]!, blue, ink);
    }
  }
}

/** Mixes two values with `ink` / 255 of the new one, rounded to nearest. */
function blend(old: number, value: number, ink: number): number {
  return (old * (255 - ink) + value * ink + 127) / 255;
}

/** Fills the pixels whose centre is within `radius` of a point, clipped to the picture. */
export function fillDisc(image: RgbImage, { x, y }: Point, radius: number, colour: Rgb): void {
  const top = Math.max(0, Math.ceil(y - radius - 0.5));
  const bottom = Math.min(image.height - 1, Math.floor(y + radius - 0.5));
  for (let row = top; row <= bottom; row++) {
    const half = Math.sqrt(Math.max(0, radius ** 2 - (row + 0.5 - y) ** 2));
    const left = Math.ceil(x - half - 0.5);
    fillRect(image, left, row, Math.floor(x + half - 0.5) - left + 1, 1, colour);
  }
}

export interface Stroke {
  readonly colour: Rgb;
  /** In pixels. */
  readonly width: number;
  /** Drawn on both sides of the line, so that it is visible on any background. */
  readonly outlineColour: Rgb;
  readonly outlineWidth: number;
  /** Length of dashes and of the gaps between them, in pixels; 0 for an unbroken line. */
  readonly dash: number;
}

/** Draws the outline of a box; the box's edge is the middle of the line. */
export function strokeBox(image: RgbImage, box: Box, stroke: Stroke): void {
  const { width, outlineWidth: outline } = stroke;
  const pieces = framePieces(box, width, stroke.dash);
  for (const piece of pieces) {
    const [x, y] = [piece.x - outline, piece.y - outline];
    fillRect(image, x, y, piece.width + 2 * outline, piece.height + 2 * outline, stroke.outlineColour);
  }
  for (const piece of pieces) fillRect(image, piece.x, piece.y, piece.width, piece.height, stroke.colour);
}

/** The four sides, or their dashes, as rectangles in whole pixels. */
function framePieces(box: Box, line: number, dash: number): Box[] {
  const left = Math.round(box.x) - (line >> 1);
  const top = Math.round(box.y) - (line >> 1);
  const right = Math.round(box.x + box.width) - (line >> 1);
  const bottom = Math.round(box.y + box.height) - (line >> 1);
  const across = dashes(left, right + line, dash);
  const down = dashes(top, bottom + line, dash);
  return [
    ...[top, bottom].flatMap((y) => across.map(([x, width]) => ({ x, y, width, height: line }))),
    ...[left, right].flatMap((x) => down.map(([y, height]) => ({ x, y, width: line, height }))),
  ];
}

/** The dashes of a line, which begins and ends with a dash so that corners stay closed. */
function dashes(from: number, to: number, dash: number): (readonly [from: number, length: number])[] {
  const length = to - from;
  if (dash === 0 || length <= 2 * dash) return [[from, length]];
  const gaps = Math.max(1, Math.round((length - dash) / (2 * dash)));
  const step = (length - dash) / gaps;
  return Array.from({ length: gaps + 1 }, (_, index) => [Math.round(from + index * step), dash] as const);
}
