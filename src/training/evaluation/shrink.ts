import type { RgbImage } from '../../core/image.js';
import type { Landmarks } from '../../core/face.js';
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

/** Where a labelled face is in a picture scaled down this much. */
export function shrunkFace({ box, landmarks, ignored }: LabelledFace, factor: number): LabelledFace {
  return {
    box: { x: box.x / factor, y: box.y / factor, width: box.width / factor, height: box.height / factor },
    landmarks:
      landmarks && (landmarks.map(({ x, y }) => ({ x: x / factor, y: y / factor })) as unknown as Landmarks),
    ignored,
  };
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
