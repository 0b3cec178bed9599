import {
  advance,
  bits,
  compile,
  doWhile,
  floats,
  get,
  i32,
  int32,
  ints,
  set,
  shorts,
  v128,
  vectorBytes,
  type Code,
  type WasmMemory,
} from '../../core/wasm-code.js';

/**
 * A WebAssembly function that scales RGB pictures down by taking means over rectangles, sixteen bytes an instruction:
 * the pyramid over a full-HD frame takes a tenth of the time it takes in JavaScript.
 *
 * For each output row the input rows are added up byte by byte (16 bits each), these sums are added up along the row
 * (32 bits; red, green and blue side by side), and each output pixel is the difference of two of the running sums.
 * All that is exact; only the scaling in the end works in floats.
 */
export interface AreaKernel {
  readonly memory: WasmMemory;
  /** All are byte offsets into `memory`, or counts of bytes. */
  readonly run: (
    /** Output rows, one `rowRecord` each. */
    rows: number,
    rowsEnd: number,
    /** Output columns, one `columnRecord` each. */
    columns: number,
    columnsEnd: number,
    /** From one input row to the next that counts. */
    stride: number,
    /** Of an input row that are looked at. */
    inputBytes: number,
    /** Room for twice `inputBytes`, and for two chunks more. */
    sums: number,
    sumsEnd: number,
    /** Room for a vector for each input pixel and one more, which is the first and must be 0. */
    running: number,
    /** Where floats go: red; green and blue follow in planes of `planeBytes`. */
    out: number,
    planeBytes: number,
  ) => void;
}

/** Address of the first input byte, number of input rows, and a factor as a float. */
export const rowRecord = { start: 0, count: 4, factor: 8, size: 12 };
/** Addresses of the running sums before and after the cell, and a factor as a float. */
export const columnRecord = { from: 0, to: 4, factor: 8, size: 12 };
/** Input bytes that are added up at a time; as many may be read, and ignored, after the last one asked for. */
export const chunkBytes = 2 * vectorBytes;
/** The sum of more bytes could overflow 16 bits. */
export const maxRowCount = 257;

/** A mean m of bytes becomes m / 128 − 127.5 / 128, as MTCNN's networks want it; the factors contain the 1 / 128. */
const bias = -127.5 / 128;

/** Parameters and locals, by index. */
const [row, rowsEnd, columns, columnsEnd, stride, inputBytes, sums, sumsEnd, running, out, planeBytes] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];
const [offset, source, target, count, column] = [11, 12, 13, 14, 15];
const [total, factor, ...chunkSums] = [16, 17, 18, 19, 20, 21];

const step = (bytes: number): Code => int32.constant(bytes);

/** Adds one input row's chunk to its four sums. */
const addRow: Code = [
  ...chunkSums.flatMap((sum, quarter) => {
    const bytes = bits.load(get(source), vectorBytes * (quarter >> 1));
    const half = quarter % 2 === 0 ? shorts.fromLowBytes(bytes) : shorts.fromHighBytes(bytes);
    return set(sum, shorts.add(get(sum), half));
  }),
  ...advance(source, get(stride)),
  ...set(count, int32.subtract(get(count), step(1))),
];

const addChunk: Code = [
  ...chunkSums.flatMap((sum) => set(sum, bits.zeros)),
  ...set(source, int32.add(int32.load(get(row), rowRecord.start), get(offset))),
  ...set(count, int32.load(get(row), rowRecord.count)),
  ...doWhile(addRow, get(count)),
  ...chunkSums.flatMap((sum, quarter) => bits.store(get(target), get(sum), vectorBytes * quarter)),
  ...advance(target, step(2 * chunkBytes)),
  ...advance(offset, step(chunkBytes)),
];

/** Adds one input pixel, three 16-bit sums, to the running sum; the fourth lane carries rubbish along. */
const addPixel: Code = [
  ...advance(target, step(vectorBytes)),
  ...set(total, ints.add(get(total), ints.loadShorts(get(source)))),
  ...bits.store(get(target), get(total)),
  ...advance(source, step(6)),
];

const cellSum = ints.subtract(
  bits.load(int32.load(get(column), columnRecord.to)),
  bits.load(int32.load(get(column), columnRecord.from)),
);
const cellFactor = floats.multiply(get(factor), bits.load32(get(column), columnRecord.factor));

const writePixel: Code = [
  ...set(
    total,
    floats.add(floats.multiply(floats.fromUnsignedInts(cellSum), cellFactor), floats.constant(bias)),
  ),
  ...bits.storeLane(get(out), get(total), 0),
  ...bits.storeLane(int32.add(get(out), get(planeBytes)), get(total), 1),
  ...bits.storeLane(int32.add(int32.add(get(out), get(planeBytes)), get(planeBytes)), get(total), 2),
  ...advance(out, step(Float32Array.BYTES_PER_ELEMENT)),
  ...advance(column, step(columnRecord.size)),
];

const writeRow: Code = [
  ...[...set(offset, step(0)), ...set(target, get(sums))],
  ...doWhile(addChunk, int32.below(get(offset), get(inputBytes))),
  ...[...set(total, bits.zeros), ...set(source, get(sums)), ...set(target, get(running))],
  ...doWhile(addPixel, int32.below(get(source), get(sumsEnd))),
  ...[...set(factor, bits.load32(get(row), rowRecord.factor)), ...set(column, get(columns))],
  ...doWhile(writePixel, int32.below(get(column), get(columnsEnd))),
  ...advance(row, step(rowRecord.size)),
];

/** Makes a kernel with a memory of its own. */
export const createAreaKernel: () => AreaKernel = compile({
  parameters: 11,
  locals: [
    { type: i32, count: 5 },
    { type: v128, count: 6 },
  ],
  result: false,
  body: doWhile(writeRow, int32.below(get(row), get(rowsEnd))),
});
