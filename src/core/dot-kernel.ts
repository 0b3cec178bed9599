import {
  advance,
  bits,
  compileShared,
  doWhile,
  float32,
  floats,
  get,
  i32,
  int32,
  set,
  v128,
  vectorBytes,
  type Code,
  type SharedWasmMemory,
} from './wasm-code.js';

/** Sums kept side by side, so that no addition waits for the one before. */
const sumCount = 4;
/** Rows and probe must be padded with zeros to a multiple of this many floats. */
export const floatsPerStep = (sumCount * vectorBytes) / Float32Array.BYTES_PER_ELEMENT;

/**
 * A WebAssembly function that multiplies a probe with rows of a matrix, four floats an instruction. All parameters are
 * byte offsets into its memory; it writes one float for each row to `out` and after. Needs a row or more.
 */
export type DotKernel = (probe: number, probeEnd: number, rows: number, rowsEnd: number, out: number) => void;

/** Parameters and locals, by index. */
const [probe, probeEnd, row, rowsEnd, out, column] = [0, 1, 2, 3, 4, 5];
const sums = Array.from({ length: sumCount }, (_, index) => 6 + index);
const [first = 0, ...others] = sums;

const step = int32.constant(sumCount * vectorBytes);

const multiplyStep: Code = [
  ...sums.flatMap((sum, index) => {
    const product = floats.multiply(
      bits.load(get(column), index * vectorBytes),
      bits.load(get(row), index * vectorBytes),
    );
    return set(sum, floats.add(get(sum), product));
  }),
  ...advance(column, step),
  ...advance(row, step),
];

const lane = (index: number): Code => floats.lane(get(first), index);

const multiplyRow: Code = [
  ...sums.flatMap((sum) => set(sum, bits.zeros)),
  ...set(column, get(probe)),
  ...doWhile(multiplyStep, int32.below(get(column), get(probeEnd))),
  ...others.flatMap((sum) => set(first, floats.add(get(first), get(sum)))),
  ...float32.store(
    get(out),
    [1, 2, 3].reduce<Code>((sum, index) => float32.add(sum, lane(index)), lane(0)),
  ),
  ...advance(out, int32.constant(Float32Array.BYTES_PER_ELEMENT)),
];

/** Makes a kernel that works on the given memory. */
export const createDotKernel: (memory: SharedWasmMemory) => DotKernel = compileShared({
  parameters: 5,
  locals: [
    { type: i32, count: 1 },
    { type: v128, count: sumCount },
  ],
  result: false,
  body: doWhile(multiplyRow, int32.below(get(row), get(rowsEnd))),
});
