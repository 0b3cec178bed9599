import type { RgbImage } from '../../core/image.js';
import type { Landmarks } from '../../core/face.js';
import type { Point } from '../../core/geometry.js';
import type { LabelledFace } from './truth.js';

/**
 * A picture scaled down as a camera that stands further away would show it: each pixel of the result is the mean of the
 * input that it covers, pixels at its edges by the share covered.
 *
 * @param factor 1 or more; the result has ⌊width / factor⌋ × ⌊height / factor⌋ pixels, at least one
 */
export function shrunkPicture({ width, height, data }: RgbImage, factor: number): RgbImage {
  const columns = cells(width, factor);
  const rows = cells(height, factor);
  const narrow = new Float32Array(columns.length * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    for (const cell of columns) {
      for (let channel = 0; channel < 3; channel++, out++) {
        narrow[out] = meanOf(data, cell, y * width * 3 + channel, 3);
      }
    }
  }
  const rowLength = columns.length * 3;
  const small = new Uint8Array(rowLength * rows.length);
  for (const [y, cell] of rows.entries()) {
    for (let x = 0; x < rowLength; x++) {
      small[y * rowLength + x] = Math.round(meanOf(narrow, cell, x, rowLength));
    }
  }
  return { width: columns.length, height: rows.length, data: small };
}

/** Where a labelled face is in a picture scaled down by `factor` and then moved by this much. */
export function placedFace(
  { box, landmarks, ignored }: LabelledFace,
  factor: number,
  by: Point,
): LabelledFace {
  const place = ({ x, y }: Point): Point => ({ x: x / factor + by.x, y: y / factor + by.y });
  return {
    box: { ...place(box), width: box.width / factor, height: box.height / factor },
    landmarks: landmarks && (landmarks.map(place) as unknown as Landmarks),
    ignored,
  };
}

const grey = 128;

/** A grey picture of a size. */
export function greyPicture(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(grey) };
}

/**
 * A picture in the middle of a grey one, in which its faces are as small as they are in a camera's picture.
 * @returns the grey picture with it, and where its top left corner lies; undefined if it does not fit
 */
export function laidOnGrey(
  picture: RgbImage,
  width: number,
  height: number,
): { picture: RgbImage; at: Point } | undefined {
  const at = { x: (width - picture.width) >> 1, y: (height - picture.height) >> 1 };
  if (at.x < 0 || at.y < 0) return undefined;
  const canvas = greyPicture(width, height);
  const rowBytes = picture.width * 3;
  for (let row = 0; row < picture.height; row++) {
    const bytes = picture.data.subarray(row * rowBytes, (row + 1) * rowBytes);
    canvas.data.set(bytes, ((row + at.y) * width + at.x) * 3);
  }
  return { picture: canvas, at };
}

/** The input pixels of one output pixel: the share of the first and of the last that counts; those between count whole. */
interface Cell {
  readonly first: number;
  readonly last: number;
  readonly firstShare: number;
  readonly lastShare: number;
}

function cells(length: number, factor: number): Cell[] {
  return Array.from({ length: Math.max(1, Math.floor(length / factor)) }, (_, index) => {
    const from = index * factor;
    const to = Math.min(length, from + factor);
    const first = Math.floor(from);
    const last = Math.ceil(to) - 1;
    return first === last
      ? { first, last, firstShare: to - from, lastShare: 0 }
      : { first, last, firstShare: first + 1 - from, lastShare: to - last };
  });
}

function meanOf(values: ArrayLike<number>, cell: Cell, start: number, step: number): number {
  const { first, last, firstShare, lastShare } = cell;
  let sum = firstShare * (values[start + first * step] as number);
  let weight = firstShare;
  for (let index = first + 1; index <= last; index++) {
    const share = index === last ? lastShare : 1;
    sum += share * (values[start + index * step] as number);
    weight += share;
  }
  return sum / weight;
}
