import type { Image, YuvImage } from '../../core/image.js';
import { vectorBytes } from '../../core/wasm-kernel.js';
import { blackLuma, isYuv, neutralChroma, pixelBytes, rgbCoefficients, yuvLayout } from '../../core/yuv.js';
import {
  AreaWorkspace,
  tableBytes,
  type PlaneShape,
  type PlaneTables,
  type ScaledRows,
  type Window,
} from '../../core/area-kernel.js';
import { chunkBytes } from '../../core/area-layout.js';

/** One of red, green and blue: its factors for the means of Y, U and V, divided by 128, and what is added. */
type ColourFactors = readonly [luma: number, u: number, v: number, offset: number];

/**
 * A 4K frame fits into this. Memory that a larger picture needed is released when the next smaller picture is loaded.
 */
const keptBytes = 32 * 1024 * 1024;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;

/**
 * Scales parts of one picture down like PyTorch's `interpolate(mode='area')`: each output pixel is the mean of all
 * input pixels that its cell touches. Results are RGB in channels-first floats, (mean − 127.5) / 128, in a buffer that
 * the next call overwrites. The picture lies in the kernel's memory, followed by tables and results.
 */
export class PictureSampler {
  #workspace = new AreaWorkspace();
  #width = 0;
  #height = 0;
  #shapes: readonly PlaneShape[] = [];
  /** Byte offsets in the memory. The picture begins at 0; `#chroma` are the U and the V plane of a YUV picture. */
  #chroma: readonly number[] = [];
  #colours: readonly ColourFactors[] = [];
  #sums = 0;
  #running = 0;
  #free = 0;

  /** Copies the picture into the kernel's memory. */
  load(image: Image): void {
    const { width, height } = image;
    const size = pixelBytes(image);
    this.#sums = align(size + chunkBytes);
    this.#running = align(this.#sums + 2 * (width * 3 + 2 * chunkBytes));
    this.#free = this.#running + vectorBytes * (width + 3);
    if (this.#workspace.kernel.memory.buffer.byteLength > keptBytes && this.#free < keptBytes) {
      this.#workspace = new AreaWorkspace();
    }
    this.#workspace.reserve(this.#free);
    this.#width = width;
    this.#height = height;
    const { chromaWidth, uStart, vStart } = yuvLayout(image);
    this.#shapes = isYuv(image)
      ? [
          { width, pixelBytes: 1, halved: 0, sumBytes: 4 },
          { width: chromaWidth, pixelBytes: 1, halved: 1, sumBytes: 4 },
        ]
      : [{ width, pixelBytes: 3, halved: 0, sumBytes: vectorBytes }];
    this.#chroma = [uStart, vStart];
    if (isYuv(image)) this.#colours = colourFactors(image.matrix);
    this.#workspace.bytes.set(image.data.subarray(0, size));
  }

  /** Some rows of the picture scaled to `width` × `height`, as three planes of `rowCount` × `width` floats. */
  strip(width: number, height: number, firstRow: number, rowCount: number): Float32Array {
    const whole = { left: 0, top: 0, right: this.#width, bottom: this.#height };
    const scaled = { width, height, firstRow, rowCount };
    const out = this.#makeRoom(scaled, 1);
    this.#resample(whole, scaled, out);
    return this.#workspace.floats.subarray(out / floatBytes, out / floatBytes + floatCount(scaled));
  }

  /** Parts of the picture, one after the other, each `side` × `side` in three planes. */
  crops(windows: readonly Window[], side: number): Float32Array {
    const scaled = { width: side, height: side, firstRow: 0, rowCount: side };
    const out = this.#makeRoom(scaled, windows.length);
    for (const [index, window] of windows.entries()) {
      this.#resample(window, scaled, out + index * floatCount(scaled) * floatBytes);
    }
    return this.#workspace.floats.subarray(
      out / floatBytes,
      out / floatBytes + windows.length * floatCount(scaled),
    );
  }

  #resample(window: Window, scaled: ScaledRows, out: number): void {
    const planeBytes = scaled.rowCount * scaled.width * floatBytes;
    const { kernel } = this.#workspace;
    const [whole, chroma] = this.#shapes.map((shape, index) => {
      const rows = this.#free + index * tableBytes(scaled);
      const places = { rows, sums: this.#sums, running: this.#running };
      return this.#workspace.writeTables(places, shape, window, scaled);
    }) as [PlaneTables, PlaneTables?];
    if (chroma === undefined) return kernel.run(...whole, out, planeBytes);
    const means = align(this.#free + 2 * tableBytes(scaled));
    const [u, v] = [align(means + planeBytes), align(means + planeBytes) + align(planeBytes)];
    const [uStart, vStart] = this.#chroma as [number, number];
    kernel.runPlane(0, ...whole, means);
    kernel.runPlane(uStart, ...chroma, u);
    kernel.runPlane(vStart, ...chroma, v);
    // In this order, because up to three floats after a plane are overwritten.
    for (const [index, factors] of this.#colours.entries()) {
      kernel.mixPlanes(means, means + planeBytes, u, v, ...factors, out + index * planeBytes);
    }
  }

  /** Reserves memory for `count` results behind the tables and returns its offset. */
  #makeRoom(scaled: ScaledRows, count: number): number {
    const resultBytes = floatCount(scaled) * floatBytes;
    // The means of the planes of a YUV picture come before the results, with up to three vectors of padding.
    const out = align(this.#free + 2 * tableBytes(scaled) + resultBytes + 3 * vectorBytes);
    this.#workspace.reserve(out + count * resultBytes + vectorBytes);
    return out;
  }
}

/** How the means of a YUV picture's planes, divided by 128, become (colour − 127.5) / 128. */
function colourFactors(matrix: YuvImage['matrix']): ColourFactors[] {
  const { luma, redV, greenU, greenV, blueU } = rgbCoefficients(matrix);
  const chroma: [u: number, v: number][] = [
    [0, redV],
    [greenU, greenV],
    [blueU, 0],
  ];
  return chroma.map(([u, v]) => {
    const zero = luma * blackLuma + (u + v) * neutralChroma;
    return [luma, u, v, -(zero + 127.5) / 128];
  });
}

function floatCount({ width, rowCount }: ScaledRows): number {
  return 3 * width * rowCount;
}

function align(bytes: number): number {
  return Math.ceil(bytes / vectorBytes) * vectorBytes;
}
