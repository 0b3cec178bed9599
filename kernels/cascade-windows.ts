import {
  failedFirstStage,
  HeaderRecord,
  passedAllStages,
  rectBytes,
  StageRecord,
  StumpRecord,
} from '../src/detection/haar/cascade-layout';

const vectorBytes: usize = 16;
/** Windows whose grey levels have a standard deviation of 10 or less are too flat to be judged. */
const flatness: f64 = 0.1;

/**
 * Judges windows that lie side by side, four at a time, as OpenCV does, bit for bit: features are whole numbers, scaled
 * in single precision; votes add up exactly in double precision.
 *
 * The parameters are addresses, but for `squares`; src/detection/haar/window-classifier.ts explains each of them.
 * @returns 0 when no window passed
 */
export function run(
  window: usize,
  windowsEnd: usize,
  squares: usize,
  program: usize,
  programEnd: usize,
  verdict: usize,
): i32 {
  let passed = 0;
  do {
    const scale = Windows.scaleOf(window, squares, program);
    let alive = Windows.areLively(scale, program);
    let failedFirst = alive;
    if (v128.any_true(alive)) {
      const stages = program + HeaderRecord.size;
      alive = v128.and(alive, Windows.passStage(window, scale, stages));
      failedFirst = v128.andnot(failedFirst, alive);
      let stage = load<usize>(stages, StageRecord.end);
      while (stage < programEnd && v128.any_true(alive)) {
        alive = v128.and(alive, Windows.passStage(window, scale, stage));
        stage = load<usize>(stage, StageRecord.end);
      }
    }
    v128.store(
      verdict,
      v128.or(
        v128.and(failedFirst, i32x4.splat(failedFirstStage)),
        v128.and(alive, i32x4.splat(passedAllStages)),
      ),
    );
    passed |= i32(v128.any_true(alive));
    window += vectorBytes;
    verdict += vectorBytes;
  } while (window < windowsEnd);
  return passed;
}

/** The steps on four neighbouring windows, which are inlined because calls would cost more than the work. */
class Windows {
  /** 1 / √(area · sum of squares − sum²) for each window, in single precision. */
  @inline
  static scaleOf(window: usize, squares: usize, program: usize): v128 {
    const corners = program + HeaderRecord.corners;
    const sum = Windows.rectSum(window, corners);
    const square = Windows.rectSum(window + squares, corners);
    const area = v128.load64_splat(program, HeaderRecord.area);
    const low = Windows.scaleOfTwo(f64x2.convert_low_i32x4_s(sum), f64x2.convert_low_i32x4_u(square), area);
    const high = Windows.scaleOfTwo(
      f64x2.convert_low_i32x4_s(Windows.upperTwo(sum)),
      f64x2.convert_low_i32x4_u(Windows.upperTwo(square)),
      area,
    );
    return v128.shuffle<u64>(low, high, 0, 2);
  }

  /** In the lower two lanes. */
  @inline
  static scaleOfTwo(sum: v128, square: v128, area: v128): v128 {
    const variance = f64x2.sub(f64x2.mul(square, area), f64x2.mul(sum, sum));
    return f32x4.demote_f64x2_zero(f64x2.div(f64x2.splat(1), f64x2.sqrt(variance)));
  }

  /** Also false when the scale is not a number, because there is no variance. */
  @inline
  static areLively(scale: v128, program: usize): v128 {
    const area = v128.load64_splat(program, HeaderRecord.area);
    const low = f64x2.mul(f64x2.promote_low_f32x4(scale), area);
    const high = f64x2.mul(f64x2.promote_low_f32x4(Windows.upperTwo(scale)), area);
    return Windows.joinConditions(
      f64x2.lt(low, f64x2.splat(flatness)),
      f64x2.lt(high, f64x2.splat(flatness)),
    );
  }

  @inline
  static passStage(window: usize, scale: v128, stage: usize): v128 {
    const end = load<usize>(stage, StageRecord.end);
    let low = v128.load64_splat(stage, StageRecord.start);
    let high = low;
    let stump = stage + StageRecord.size;
    do {
      const corners = stump + StumpRecord.corners;
      let value = i32x4.add(
        i32x4.mul(Windows.rectSum(window, corners), v128.load32_splat(stump, StumpRecord.weights)),
        i32x4.mul(
          Windows.rectSum(window, corners + rectBytes),
          v128.load32_splat(stump, StumpRecord.weights + 4),
        ),
      );
      if (load<i32>(stump, StumpRecord.weights + 8)) {
        const third = i32x4.mul(
          Windows.rectSum(window, corners + 2 * rectBytes),
          v128.load32_splat(stump, StumpRecord.weights + 8),
        );
        value = i32x4.add(value, third);
      }
      const below = f32x4.lt(
        f32x4.mul(f32x4.convert_i32x4_s(value), scale),
        v128.load32_splat(stump, StumpRecord.threshold),
      );
      const vote = v128.load64_splat(stump, StumpRecord.vote);
      low = f64x2.add(low, v128.and(i64x2.extend_low_i32x4_s(below), vote));
      high = f64x2.add(high, v128.and(i64x2.extend_high_i32x4_s(below), vote));
      stump += StumpRecord.size;
    } while (stump < end);
    return Windows.joinConditions(f64x2.ge(low, f64x2.splat(0)), f64x2.ge(high, f64x2.splat(0)));
  }

  /** The sum over a rectangle, whose corners are listed at address `corners`. */
  @inline
  static rectSum(window: usize, corners: usize): v128 {
    const topLeft = v128.load(window + load<usize>(corners));
    const topRight = v128.load(window + load<usize>(corners, 4));
    const bottomLeft = v128.load(window + load<usize>(corners, 8));
    const bottomRight = v128.load(window + load<usize>(corners, 12));
    return i32x4.add(i32x4.sub(i32x4.sub(topLeft, topRight), bottomLeft), bottomRight);
  }

  /** Moves the upper two of four 32-bit lanes down. */
  @inline
  static upperTwo(lanes: v128): v128 {
    return v128.shuffle<u64>(lanes, lanes, 1, 1);
  }

  /** Four conditions of 32 bits from twice two of 64 bits. */
  @inline
  static joinConditions(low: v128, high: v128): v128 {
    return v128.shuffle<u32>(low, high, 0, 2, 4, 6);
  }
}
