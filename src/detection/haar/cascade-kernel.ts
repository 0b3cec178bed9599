import {
  advance,
  bits,
  block,
  branch,
  compile,
  doubles,
  doWhile,
  floats,
  get,
  i32,
  int32,
  ints,
  loop,
  set,
  v128,
  vectorBytes,
  when,
  type Code,
  type WasmMemory,
} from '../../core/wasm-code.js';

/**
 * A WebAssembly function that runs a cascade over windows that lie side by side, four at a time. It decides as OpenCV
 * does, bit for bit: features are whole numbers, scaled in single precision; votes add up exactly in double precision.
 */
export interface CascadeKernel {
  readonly memory: WasmMemory;
  /**
   * Judges the windows whose entries of the integral image lie at byte `window` and after, up to `windowsEnd`, in
   * fours; writes a verdict for each as 32 bits to `verdicts` and after. `squares` is the distance in bytes to the same
   * entry of the image of squares.
   * @returns 0 when no window passed
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

/** Verdicts; all other windows are 0. */
export const failedFirstStage = 1;
export const passedAllStages = 2;

/**
 * The cascade in memory, a program of records one after the other: a header, then each stage with its stumps behind it.
 * Distances in bytes from the start of a record; corners are distances in bytes from a window's entry.
 */
export const headerRecord = { corners: 0, area: 16, size: 24 };
export const stageRecord = { end: 0, start: 8, size: 16 };
export const stumpRecord = { corners: 0, weights: 48, threshold: 60, vote: 64, size: 72 };

/** Windows whose grey levels have a standard deviation of 10 or less are too flat to be judged. */
const flatness = 0.1;

/** Parameters and locals, by index. */
const [window, windowsEnd, squares, program, programEnd, verdict, at, end, passed] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];
const [sum, square, scale, alive, failed, value, low, high] = [9, 10, 11, 12, 13, 14, 15, 16];

const int = int32.constant;

/** The sum over a rectangle for four windows; where its corners lie stands in the record at `record`. */
function rectSum(windows: Code, record: number, corners: number): Code {
  const corner = (index: number): Code =>
    bits.load(int32.add(windows, int32.load(get(record), corners + 4 * index)), 0);
  return ints.add(ints.subtract(ints.subtract(corner(0), corner(1)), corner(2)), corner(3));
}

const lowerHalf = (vector: Code): Code => vector;
const upperHalf = (vector: Code): Code =>
  bits.pick(vector, vector, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
/** Two floats of each, of which the upper two do not count. */
const joinFloats = (left: Code, right: Code): Code =>
  bits.pick(left, right, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
/** Four conditions on 32 bits from two on 64 bits each. */
const joinConditions = (left: Code, right: Code): Code =>
  bits.pick(left, right, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);

const area = bits.load64(get(program), headerRecord.area);

/** 1 / √(area · sum of squares − sum²) for two of the four windows, in single precision. */
function scaleOf(half: (vector: Code) => Code): Code {
  const total = doubles.fromInts(half(get(sum)));
  const squareTotal = doubles.fromUnsignedInts(half(get(square)));
  const variance = doubles.subtract(doubles.multiply(squareTotal, area), doubles.multiply(total, total));
  return floats.fromDoubles(doubles.divide(doubles.constant(1), doubles.squareRoot(variance)));
}

/** False for no number, too, which the scale is when there is no variance. */
const isLively = (half: (vector: Code) => Code): Code =>
  doubles.less(doubles.multiply(doubles.fromFloats(half(get(scale))), area), doubles.constant(flatness));

const weightedSum = (rect: number): Code =>
  ints.multiply(
    bits.load32(get(at), stumpRecord.weights + 4 * rect),
    rectSum(get(window), at, stumpRecord.corners + 16 * rect),
  );

const judgeByStump: Code = [
  ...set(value, ints.add(weightedSum(0), weightedSum(1))),
  ...when(int32.load(get(at), stumpRecord.weights + 8), set(value, ints.add(get(value), weightedSum(2)))),
  ...set(
    value,
    floats.less(
      floats.multiply(floats.fromInts(get(value)), get(scale)),
      bits.load32(get(at), stumpRecord.threshold),
    ),
  ),
  ...set(
    low,
    doubles.add(get(low), bits.and(ints.widenLow(get(value)), bits.load64(get(at), stumpRecord.vote))),
  ),
  ...set(
    high,
    doubles.add(get(high), bits.and(ints.widenHigh(get(value)), bits.load64(get(at), stumpRecord.vote))),
  ),
  ...advance(at, int(stumpRecord.size)),
];

const judgeByStage: Code = [
  ...set(end, int32.load(get(at), stageRecord.end)),
  ...set(low, bits.load64(get(at), stageRecord.start)),
  ...set(high, get(low)),
  ...advance(at, int(stageRecord.size)),
  ...doWhile(judgeByStump, int32.below(get(at), get(end))),
  ...set(
    alive,
    bits.and(
      get(alive),
      joinConditions(
        doubles.atLeast(get(low), doubles.constant(0)),
        doubles.atLeast(get(high), doubles.constant(0)),
      ),
    ),
  ),
  ...when(
    int32.equal(get(end), int32.load(get(program), headerRecord.size + stageRecord.end)),
    set(failed, bits.andNot(get(failed), get(alive))),
  ),
];

const judgeFour: Code = [
  ...set(sum, rectSum(get(window), program, headerRecord.corners)),
  ...set(square, rectSum(int32.add(get(window), get(squares)), program, headerRecord.corners)),
  ...set(scale, joinFloats(scaleOf(lowerHalf), scaleOf(upperHalf))),
  ...set(alive, joinConditions(isLively(lowerHalf), isLively(upperHalf))),
  ...set(failed, get(alive)),
  ...set(at, get(program)),
  ...advance(at, int(headerRecord.size)),
  ...block(
    branch(0, int32.isZero(bits.any(get(alive)))),
    loop(
      judgeByStage,
      branch(1, int32.isZero(bits.any(get(alive)))),
      branch(0, int32.below(get(at), get(programEnd))),
    ),
  ),
  ...bits.store(
    get(verdict),
    bits.or(
      bits.and(get(failed), ints.splat(int(failedFirstStage))),
      bits.and(get(alive), ints.splat(int(passedAllStages))),
    ),
  ),
  ...set(passed, int32.or(get(passed), bits.any(get(alive)))),
];

const judgeAll = doWhile(
  [...judgeFour, ...advance(window, int(vectorBytes)), ...advance(verdict, int(vectorBytes))],
  int32.below(get(window), get(windowsEnd)),
);

/** Makes a kernel with a memory of its own. */
export const createCascadeKernel: () => CascadeKernel = compile({
  parameters: 6,
  locals: [
    { type: i32, count: 3 },
    { type: v128, count: 8 },
  ],
  result: true,
  body: [...judgeAll, ...get(passed)],
});
