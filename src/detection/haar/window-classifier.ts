import { createKernel, pageBytes, type WasmMemory } from '../../core/wasm-kernel.js';
import {
  failedFirstStage,
  HeaderRecord,
  passedAllStages,
  rectBytes,
  StageRecord,
  StumpRecord,
} from './cascade-layout.js';
import type { FeatureRect, HaarCascade, Stump } from './cascade.js';
import { entryAt, IntegralStrip, type StripLayout } from './integral-strip.js';

const bytesPerEntry = 4;
/** The kernel judges four windows at a time, so it may look at three entries past the last one. */
const lanes = 4;

/** Runs the cascade over the windows of pictures up to a certain width, whose rows are added to its strip. */
export class WindowClassifier {
  readonly strip: IntegralStrip;
  readonly #kernel: CascadeKernel;
  readonly #programSize: number;
  readonly #stride: number;
  /** Where the sums begin in the kernel's memory, and how far behind them the squares. */
  readonly #sumsAt: number;
  readonly #squaresDistance: number;
  readonly #verdictsAt: number;
  readonly #verdicts: Int32Array;

  /**
   * @param kernel must not be used by two classifiers at the same time
   * @param maxWidth the widest picture, in pixels
   * @param maxRows the most rows of windows that are judged between two calls of the strip's `slide`
   */
  constructor(kernel: CascadeKernel, cascade: HaarCascade, maxWidth: number, maxRows: number) {
    this.#kernel = kernel;
    this.#programSize = programSize(cascade);
    this.#stride = 2 * Math.ceil((maxWidth + 1) / 2);
    const entries = (cascade.height + maxRows) * this.#stride + lanes;
    this.#sumsAt = 2 * this.#programSize;
    this.#squaresDistance = entries * bytesPerEntry;
    this.#verdictsAt = this.#sumsAt + 2 * this.#squaresDistance;
    const { memory } = kernel;
    const bytes = this.#verdictsAt + (this.#stride + lanes) * bytesPerEntry;
    memory.grow(Math.max(0, Math.ceil((bytes - memory.buffer.byteLength) / pageBytes)));
    for (const step of [1, 2] as const)
      writeProgram(cascade, this.layout(step), new DataView(memory.buffer), this.#programAt(step));
    const ints = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);
    this.#verdicts = ints(this.#verdictsAt, this.#stride + lanes);
    const sums = ints(this.#sumsAt, entries);
    const squares = ints(this.#sumsAt + this.#squaresDistance, entries);
    this.strip = new IntegralStrip(sums, squares, cascade.height - 1);
  }

  /** The layout of the strip for windows that begin at every column or at every second column. */
  layout(step: 1 | 2): StripLayout {
    return { stride: this.#stride, step };
  }

  /**
   * Judges `count` windows whose top edge lies on `row` of the strip and whose left edges lie at 0, `step`, 2 `step`, …
   * If a window fails at the first stage, the next window is skipped, like in OpenCV.
   *
   * @param onFace called with the left edge of each window that passes
   */
  judgeRow(row: number, count: number, step: 1 | 2, onFace: (x: number) => void): void {
    const first = this.#sumsAt + row * this.#stride * bytesPerEntry;
    const program = this.#programAt(step);
    const found = this.#kernel.run(
      first,
      first + count * bytesPerEntry,
      this.#squaresDistance,
      program,
      program + this.#programSize,
      this.#verdictsAt,
    );
    if (found === 0) return;
    const verdicts = this.#verdicts;
    for (let index = 0; index < count; index++) {
      if (verdicts[index] === passedAllStages) onFace(index * step);
      else if (verdicts[index] === failedFirstStage) index++;
    }
  }

  #programAt(step: 1 | 2): number {
    return step === 1 ? 0 : this.#programSize;
  }
}

/** The number of bytes that `writeProgram` writes; a multiple of 8. */
function programSize({ stages }: HaarCascade): number {
  const stumps = stages.reduce((sum, stage) => sum + stage.stumps.length, 0);
  return HeaderRecord.size + stages.length * StageRecord.size + stumps * StumpRecord.size;
}

/**
 * Writes a cascade as the kernel's program for one layout of the integral images, from byte `start` of the memory on.
 */
function writeProgram(cascade: HaarCascade, layout: StripLayout, memory: DataView, start: number): void {
  const { width, height, stages } = cascade;
  // Features are scaled by the spread of the window without its rim.
  const inner = { x: 1, y: 1, width: width - 2, height: height - 2 };
  writeCorners(inner, layout, memory, start + HeaderRecord.corners);
  memory.setFloat64(start + HeaderRecord.area, inner.width * inner.height, true);
  let at = start + HeaderRecord.size;
  for (const { stumps, threshold } of stages) {
    const end = at + StageRecord.size + stumps.length * StumpRecord.size;
    const votesAbove = stumps.reduce((sum, { above }) => sum + above, 0);
    memory.setInt32(at + StageRecord.end, end, true);
    memory.setFloat64(at + StageRecord.start, votesAbove - threshold, true);
    at += StageRecord.size;
    for (const stump of stumps) {
      writeStump(stump, layout, memory, at);
      at += StumpRecord.size;
    }
  }
}

function writeStump(
  { rects, threshold, below, above }: Stump,
  layout: StripLayout,
  memory: DataView,
  at: number,
): void {
  for (const [index, rect] of rects.entries()) {
    writeCorners(rect, layout, memory, at + StumpRecord.corners + index * rectBytes);
    memory.setInt32(at + StumpRecord.weights + index * 4, rect.weight, true);
  }
  memory.setFloat32(at + StumpRecord.threshold, threshold, true);
  memory.setFloat64(at + StumpRecord.vote, below - above, true);
}

/** Top left, top right, bottom left, bottom right. */
function writeCorners(
  { x, y, width, height }: Omit<FeatureRect, 'weight'>,
  layout: StripLayout,
  memory: DataView,
  at: number,
): void {
  const columns = [x, x + width];
  const corners = [y, y + height].flatMap((row) => columns.map((column) => entryAt(layout, column, row)));
  corners.forEach((entry, index) => memory.setInt32(at + index * 4, entry * bytesPerEntry, true));
}

/**
 * Runs a cascade over adjacent windows, four at a time, with the same results as OpenCV, bit for bit. The code is
 * kernels/cascade-windows.ts; cascade-layout.ts describes how the program lies in memory.
 */
export interface CascadeKernel {
  readonly memory: WasmMemory;
  /**
   * Judges the windows whose entries of the integral image lie at byte `window` and after, up to `windowsEnd`, in
   * fours, and writes a 32-bit verdict for each to `verdicts` and after. `squares` is the distance in bytes to the same
   * entry of the integral image of squares.
   *
   * @returns 0 if no window passed
   */
  readonly run: (
    window: number,
    windowsEnd: number,
    squares: number,
    program: number,
    programEnd: number,
    verdicts: number,
  ) => number;
}

/** Creates a kernel with its own memory. */
export function createCascadeKernel(): CascadeKernel {
  return createKernel('cascade-windows') as CascadeKernel;
}
