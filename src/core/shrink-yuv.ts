import { AreaWorkspace, tableBytes } from './area-kernel.js';
import { chunkBytes } from './area-layout.js';
import type { YuvImage } from './image.js';
import { vectorBytes } from './wasm-kernel.js';
import { yuvLayout } from './yuv.js';

/** The width and height of a picture or a plane. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Scales a YUV picture down, each plane by itself: each sample is the mean of all samples that its cell touches. The
 * result has its own memory. A full-HD frame becomes 640 pixels wide in less than a millisecond.
 *
 * @param size at most as wide and as high as the picture
 */
export function shrinkYuv(image: YuvImage, { width, height }: Size): YuvImage {
  const from = yuvLayout(image);
  const to = yuvLayout({ width, height });
  const data = new Uint8Array(to.byteLength);
  const chroma = { width: from.chromaWidth, height: from.chromaHeight };
  const smallChroma = { width: to.chromaWidth, height: to.chromaHeight };
  data.set(shrinkPlane(image.data.subarray(0, from.uStart), image, { width, height }));
  data.set(shrinkPlane(image.data.subarray(from.uStart, from.vStart), chroma, smallChroma), to.uStart);
  data.set(shrinkPlane(image.data.subarray(from.vStart, from.byteLength), chroma, smallChroma), to.vStart);
  return { width, height, data, matrix: image.matrix };
}

/** One for all pictures of a thread, because a call is never interrupted. */
let workspace: AreaWorkspace | undefined;

/** @returns a view of the kernel's memory, valid until the next call */
function shrinkPlane(plane: Uint8Array, { width, height }: Size, to: Size): Uint8Array {
  workspace ??= new AreaWorkspace();
  const sums = align(plane.length + chunkBytes);
  const running = align(sums + 2 * (width + 2 * chunkBytes));
  const rows = align(running + 4 * (width + 1) + 2 * vectorBytes);
  const scaled = { ...to, firstRow: 0, rowCount: to.height };
  const out = align(rows + tableBytes(scaled));
  const end = out + to.width * to.height;
  workspace.reserve(end);
  workspace.bytes.set(plane);
  const shape = { width, pixelBytes: 1, halved: 0, sumBytes: 4 } as const;
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const tables = workspace.writeTables({ rows, sums, running }, shape, whole, scaled);
  workspace.kernel.shrinkPlane(0, ...tables, out);
  return workspace.bytes.subarray(out, end);
}

function align(bytes: number): number {
  return Math.ceil(bytes / vectorBytes) * vectorBytes;
}
