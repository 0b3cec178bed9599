import type { Box } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import type { RgbaPicture } from './canvas-stand-in.js';

/** Reuses its pixels from call to call: a picture is good until the next call. */
export class Shrinker {
  #bytes = new Uint8Array(0);

  /**
   * A part of `image` (in whole pixels, inside it) as RGBA, scaled down so that no side is longer than `maxSide`;
   * never scaled up. Each output pixel is the mean of 2×2 samples spread over the pixels it stands for, when there are
   * that many.
   */
  shrink(image: RgbImage, part: Box, maxSide: number): RgbaPicture {
    const scale = Math.max(1, part.width / maxSide, part.height / maxSide);
    const width = Math.max(1, Math.round(part.width / scale));
    const height = Math.max(1, Math.round(part.height / scale));
    const size = width * height * 4;
    if (this.#bytes.length !== size) this.#bytes = new Uint8Array(size);
    const words = new Uint32Array(this.#bytes.buffer);
    const columns = sampleOffsets(part.x, part.width, width, 3);
    const rows = sampleOffsets(part.y, part.height, height, image.width * 3);
    const { data } = image;
    for (let y = 0, out = 0; y < height; y++) {
      const upper = rows[2 * y] as number;
      const lower = rows[2 * y + 1] as number;
      for (let x = 0; x < width; x++, out++) {
        const left = columns[2 * x] as number;
        const right = columns[2 * x + 1] as number;
        const a = upper + left;
        const b = upper + right;
        const c = lower + left;
        const d = lower + right;
        const red =
          ((data[a] as number) + (data[b] as number) + (data[c] as number) + (data[d] as number) + 2) >> 2;
        const green =
          ((data[a + 1] as number) +
            (data[b + 1] as number) +
            (data[c + 1] as number) +
            (data[d + 1] as number) +
            2) >>
          2;
        const blue =
          ((data[a + 2] as number) +
            (data[b + 2] as number) +
            (data[c + 2] as number) +
            (data[d + 2] as number) +
            2) >>
          2;
        // Little endian, as every machine that Node runs on.
        words[out] = 0xff000000 | (blue << 16) | (green << 8) | red;
      }
    }
    return { width, height, data: this.#bytes };
  }
}

/** Two sample positions for each of `to` cells over `from` pixels from `start` on, at a quarter and three quarters. */
function sampleOffsets(start: number, from: number, to: number, stride: number): Int32Array {
  const offsets = new Int32Array(to * 2);
  for (let i = 0; i < to * 2; i++) {
    offsets[i] = (start + Math.min(from - 1, Math.floor(((i + 0.5) * from) / (to * 2)))) * stride;
  }
  return offsets;
}
