import {
  advance,
  bits,
  compileShared,
  doWhile,
  get,
  i32,
  int32,
  ints,
  set,
  shorts,
  v128,
  vectorBytes,
  type Code,
  type SharedWasmMemory,
} from './wasm-code.js';

/** Vectors of sixteen codes that a step takes in. */
const vectorsPerStep = 2;
/** Rows and probe must be padded with zeros to a multiple of this many codes. */
export const codesPerStep = vectorsPerStep * vectorBytes;
const probeVectorBytes = vectorBytes * Int16Array.BYTES_PER_ELEMENT;

/**
 * A WebAssembly function that multiplies a probe of 16-bit codes with rows of 8-bit codes, eight products an instruction.
 * All parameters are byte offsets into its memory; it writes one 32-bit sum for each row to `out` and after. Needs a row
 * or more.
 */
export type DotKernel = (probe: number, probeEnd: number, rows: number, rowsEnd: number, out: number) => void;

/** Parameters and locals, by index. */
const [probe, probeEnd, row, rowsEnd, out, column, codes] = [0, 1, 2, 3, 4, 5, 6];
/** Kept side by side, so that no addition waits for the one before. */
const sums = Array.from({ length: 2 * vectorsPerStep }, (_, index) => 7 + index);
const [first = 0, ...others] = sums;

const addProducts = (sum: number, ofRow: Code, ofProbe: Code): Code =>
  set(sum, ints.add(get(sum), ints.dotShorts(ofRow, ofProbe)));

const multiplyStep: Code = [
  ...Array.from({ length: vectorsPerStep }, (_, index) => {
    const ofProbe = index * probeVectorBytes;
    const [low = 0, high = 0] = sums.slice(2 * index);
    return [
      ...set(codes, bits.load(get(row), index * vectorBytes)),
      ...addProducts(low, shorts.fromLowSignedBytes(get(codes)), bits.load(get(column), ofProbe)),
      ...addProducts(
        high,
        shorts.fromHighSignedBytes(get(codes)),
        bits.load(get(column), ofProbe + vectorBytes),
      ),
    ];
  }).flat(),
  ...advance(column, int32.constant(vectorsPerStep * probeVectorBytes)),
  ...advance(row, int32.constant(vectorsPerStep * vectorBytes)),
];

const lane = (index: number): Code => ints.lane(get(first), index);

const multiplyRow: Code = [
  ...sums.flatMap((sum) => set(sum, bits.zeros)),
  ...set(column, get(probe)),
  ...doWhile(multiplyStep, int32.below(get(column), get(probeEnd))),
  ...others.flatMap((sum) => set(first, ints.add(get(first), get(sum)))),
  ...int32.store(
    get(out),
    [1, 2, 3].reduce<Code>((sum, index) => int32.add(sum, lane(index)), lane(0)),
  ),
  ...advance(out, int32.constant(Int32Array.BYTES_PER_ELEMENT)),
];

/** Makes a kernel that works on the given memory. */
export const createDotKernel: (memory: SharedWasmMemory) => DotKernel = compileShared({
  parameters: 5,
  locals: [
    { type: i32, count: 1 },
    { type: v128, count: 1 + sums.length },
  ],
  result: false,
  body: doWhile(multiplyRow, int32.below(get(row), get(rowsEnd))),
});
