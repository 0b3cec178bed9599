import type { Box } from '../../core/geometry.js';
import type { GreyImage } from './grey.js';

/**
 * Scales a square part of a picture to `side` × `side` pixels of 0 to 1 (grey level / 256), bilinearly. A part that is
 * larger is looked at in as many places as it has pixels, so that none is passed over. Beyond the edges of the picture
 * its outermost pixels are repeated.
 *
 * @param out takes `side` × `side` numbers
 */
export function sampleSquare(
  { width, height, data }: GreyImage,
  part: Box,
  side: number,
  out: Float32Array,
): void {
  const places = Math.max(1, Math.round(part.width / side));
  const columns = tapsOf(part.x, part.width, side * places, width);
  const rows = tapsOf(part.y, part.height, side * places, height);
  out.fill(0);
  for (let y = 0; y < side * places; y++) {
    const upper = rows.first[y]! * width;
    const lower = rows.second[y]! * width;
    const down = rows.share[y]!;
    const target = Math.floor(y / places) * side;
    for (let x = 0; x < side * places; x++) {
      const left = columns.first[x]!;
      const right = columns.second[x]!;
      const along = columns.share[x]!;
      const above = data[upper + left]! + (data[upper + right]! - data[upper + left]!) * along;
      const below = data[lower + left]! + (data[lower + right]! - data[lower + left]!) * along;
      out[target + Math.floor(x / places)]! += above + (below - above) * down;
    }
  }
  const unit = 1 / (256 * places * places);
  for (let i = 0; i < side * side; i++) out[i]! *= unit;
}

/** Between which two of `limit` pixels each of `count` places evenly over a length lies, and how close to the second. */
function tapsOf(
  start: number,
  length: number,
  count: number,
  limit: number,
): { first: Int32Array; second: Int32Array; share: Float64Array } {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const share = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(start + ((i + 0.5) * length) / count - 0.5, 0), limit - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i]! + 1, limit - 1);
    share[i] = at - first[i]!;
  }
  return { first, second, share };
}
