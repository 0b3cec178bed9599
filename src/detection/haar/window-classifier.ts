import type { FeatureRect, HaarCascade } from './cascade.js';
import type { IntegralStrip } from './integral-strip.js';

/** Windows with a standard deviation of 10 grey levels or less are too flat to be judged. */
const flatness = 0.1;
/** Entries of the table a stump has: four corners for each of three rectangles. */
const cornersPerStump = 12;

/** Runs a cascade over the windows of an integral strip. */
export class WindowClassifier {
  readonly #strip: IntegralStrip;
  /** Of the window's inner part, by whose spread features are scaled. */
  readonly #innerArea: number;
  readonly #innerCorners: Int32Array;
  /** One past the last stump of each stage. */
  readonly #stageEnds: Int32Array;
  readonly #stageThresholds: Float64Array;
  /** Offsets into the strip from a window's top left corner. */
  readonly #corners: Int32Array;
  /** Three a stump; the third is 0 where there are two rectangles. */
  readonly #weights: Int32Array;
  readonly #thresholds: Float64Array;
  /** Two a stump: below the threshold, and else. */
  readonly #votes: Float64Array;

  constructor(cascade: HaarCascade, strip: IntegralStrip) {
    const { width, height, stages } = cascade;
    const stumps = stages.flatMap((stage) => stage.stumps);
    this.#strip = strip;
    const inner = { x: 1, y: 1, width: width - 2, height: height - 2, weight: 1 };
    this.#innerArea = inner.width * inner.height;
    this.#innerCorners = Int32Array.from(cornersOf(inner, strip.stride));
    let end = 0;
    this.#stageEnds = Int32Array.from(stages, (stage) => (end += stage.stumps.length));
    this.#stageThresholds = Float64Array.from(stages, ({ threshold }) => threshold);
    this.#corners = new Int32Array(stumps.length * cornersPerStump);
    this.#weights = new Int32Array(stumps.length * 3);
    this.#thresholds = Float64Array.from(stumps, ({ threshold }) => threshold);
    this.#votes = Float64Array.from(stumps.flatMap(({ below, above }) => [below, above]));
    for (const [index, { rects }] of stumps.entries()) {
      this.#corners.set(rects.flatMap((rect) => cornersOf(rect, strip.stride)), index * cornersPerStump);
      this.#weights.set(rects.map(({ weight }) => weight), index * 3);
    }
  }

  /**
   * Judges the windows whose top edge lies on `row` of the strip and whose left edges lie at 0, `step`, … below `end`.
   * As in OpenCV, a window that fails at the first stage takes the next one with it.
   * @param onFace with the left edge, and by how much the votes of the last stage passed its threshold
   */
  scanRow(row: number, end: number, step: number, onFace: (x: number, margin: number) => void): void {
    const start = row * this.#strip.stride;
    for (let x = 0; x < end; x += step) {
      const scale = this.#scaleAt(start + x);
      if (scale === 0) continue;
      const margin = this.#judge(start + x, scale);
      if (margin >= 0) onFace(x, margin);
      else if (margin === failedAtOnce) x += step;
    }
  }

  /** What makes a feature's value independent of contrast: 1 / (area · standard deviation); 0 for a flat window. */
  #scaleAt(window: number): number {
    const { sums, squares } = this.#strip;
    const corners = this.#innerCorners;
    const a = window + corners[0]!;
    const b = window + corners[1]!;
    const c = window + corners[2]!;
    const d = window + corners[3]!;
    const sum = (sums[a]! - sums[b]! - sums[c]! + sums[d]!) | 0;
    const squareSum = (squares[a]! - squares[b]! - squares[c]! + squares[d]!) >>> 0;
    const variance = this.#innerArea * squareSum - sum * sum;
    if (variance <= 0) return 0;
    const scale = Math.fround(1 / Math.sqrt(variance));
    return this.#innerArea * scale < flatness ? scale : 0;
  }

  /** By how much a window passed the last stage, or a negative number. */
  #judge(window: number, scale: number): number {
    const { sums } = this.#strip;
    const corners = this.#corners;
    const weights = this.#weights;
    const thresholds = this.#thresholds;
    const votes = this.#votes;
    const ends = this.#stageEnds;
    let stump = 0;
    let margin = 0;
    for (let stage = 0; stage < ends.length; stage++) {
      const end = ends[stage]!;
      let total = 0;
      for (; stump < end; stump++) {
        const c = stump * 12;
        const w = stump * 3;
        let value =
          Math.imul(weights[w]!, sums[window + corners[c]!]! - sums[window + corners[c + 1]!]! - sums[window + corners[c + 2]!]! + sums[window + corners[c + 3]!]!) +
          Math.imul(weights[w + 1]!, sums[window + corners[c + 4]!]! - sums[window + corners[c + 5]!]! - sums[window + corners[c + 6]!]! + sums[window + corners[c + 7]!]!) | 0;
        if (weights[w + 2] !== 0) value = value + 
          Math.imul(weights[w + 2]!, sums[window + corners[c + 8]!]! - sums[window + corners[c + 9]!]! - sums[window + corners[c + 10]!]! + sums[window + corners[c + 11]!]!) | 0;
        total += Math.fround(value * scale) < thresholds[stump]! ? votes[2 * stump]! : votes[2 * stump + 1]!;
      }
      margin = total - this.#stageThresholds[stage]!;
      if (margin < 0) return stage === 0 ? failedAtOnce : failedLater;
    }
    return margin;
  }
}

const failedAtOnce = -1;
const failedLater = -2;

/** Where the sums at a rectangle's four corners lie: top left, top right, bottom left, bottom right. */
function cornersOf({ x, y, width, height }: FeatureRect, stride: number): number[] {
  const top = y * stride + x;
  const bottom = top + height * stride;
  return [top, top + width, bottom, bottom + width];
}
