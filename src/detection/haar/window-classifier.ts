import type { HaarCascade } from './cascade.js';
import type { CascadeKernel } from './cascade-kernel.js';
import { failedFirstStage, passedAllStages } from './cascade-layout.js';
import { programSize, writeProgram } from './cascade-program.js';
import { IntegralStrip, type StripLayout } from './integral-strip.js';

const bytesPerEntry = 4;
const bytesPerPage = 65_536;
/** The kernel judges four windows at a time, so it may look at three entries past the last one. */
const lanes = 4;

/** Judges the windows of pictures up to a certain width, given row by row to its strip. */
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
   * @param kernel is of use to one classifier at a time
   * @param maxWidth of the pictures
   * @param maxRows of windows that are judged between two calls of the strip's `slide`
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
    memory.grow(Math.max(0, Math.ceil((bytes - memory.buffer.byteLength) / bytesPerPage)));
    for (const step of [1, 2] as const)
      writeProgram(cascade, this.layout(step), new DataView(memory.buffer), this.#programAt(step));
    const ints = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);
    this.#verdicts = ints(this.#verdictsAt, this.#stride + lanes);
    const sums = ints(this.#sumsAt, entries);
    const squares = ints(this.#sumsAt + this.#squaresDistance, entries);
    this.strip = new IntegralStrip(sums, squares, cascade.height - 1);
  }

  /** How the strip has to be laid out for windows that begin at every column or at every second. */
  layout(step: 1 | 2): StripLayout {
    return { stride: this.#stride, step };
  }

  /**
   * Judges `count` windows whose top edge lies on `row` of the strip and whose left edges lie at 0, `step`, 2 `step`, …
   * As in OpenCV, a window that fails at the first stage takes the next one with it.
   * @param onFace is told the left edge
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
