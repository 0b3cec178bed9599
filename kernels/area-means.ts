import { chunkBytes, ColumnRecord, RowRecord } from '../src/core/area-layout';

const vectorBytes: usize = 16;
/** Three 16-bit sums: red, green and blue. */
const pixelSumBytes: usize = 6;
/** A mean m of bytes becomes m / 128 − 127.5 / 128, as MTCNN's networks want it; the factors contain the 1 / 128. */
const bias: f32 = -127.5 / 128;

/**
 * Scales RGB pixels down by taking means over rectangles. For each output row, the input rows are added up byte by byte
 * (16 bits each), these sums are added up along the row (32 bits; red, green and blue side by side), and each output
 * pixel is the difference of two of the running sums. All of that is exact; only the scaling at the end works in floats.
 *
 * The parameters are addresses or numbers of bytes; src/core/area-kernel.ts explains each of them.
 */
export function run(
  row: usize,
  rowsEnd: usize,
  columns: usize,
  columnsEnd: usize,
  stride: usize,
  inputBytes: usize,
  sums: usize,
  sumsEnd: usize,
  running: usize,
  out: usize,
  planeBytes: usize,
): void {
  do {
    addRows(0, row, stride, inputBytes, sums);
    addAlong(sums, sumsEnd, running);
    out = writeMeans(row, columns, columnsEnd, running, out, planeBytes);
    row += RowRecord.size;
  } while (row < rowsEnd);
}

/** The same for a plane of single values that begins at `start`. Its means are divided by 128. */
export function runPlane(
  start: usize,
  row: usize,
  rowsEnd: usize,
  columns: usize,
  columnsEnd: usize,
  stride: usize,
  inputBytes: usize,
  sums: usize,
  sumsEnd: usize,
  running: usize,
  out: usize,
): void {
  do {
    addRows(start, row, stride, inputBytes, sums);
    addAlongPlane(sums, sumsEnd, running);
    out = writePlaneMeans(row, columns, columnsEnd, running, out);
    row += RowRecord.size;
  } while (row < rowsEnd);
}

/** The same with the means themselves, rounded to bytes. */
export function shrinkPlane(
  start: usize,
  row: usize,
  rowsEnd: usize,
  columns: usize,
  columnsEnd: usize,
  stride: usize,
  inputBytes: usize,
  sums: usize,
  sumsEnd: usize,
  running: usize,
  out: usize,
): void {
  do {
    addRows(start, row, stride, inputBytes, sums);
    addAlongPlane(sums, sumsEnd, running);
    const rowFactor: f32 = f32(128) * load<f32>(row, RowRecord.factor);
    let column = columns;
    do {
      store<u8>(out, u8(sumOf(column, running) * (rowFactor * load<f32>(column, ColumnRecord.factor)) + 0.5));
      out++;
      column += ColumnRecord.size;
    } while (column < columnsEnd);
    row += RowRecord.size;
  } while (row < rowsEnd);
}

/**
 * Makes one colour of the means of Y, U and V, four pixels at a time. Colours beyond the range of bytes become its ends.
 * Up to three floats more than there are pixels are written.
 */
export function mixPlanes(
  luma: usize,
  lumaEnd: usize,
  u: usize,
  v: usize,
  lumaFactor: f32,
  uFactor: f32,
  vFactor: f32,
  offset: f32,
  out: usize,
): void {
  do {
    let colour = f32x4.add(f32x4.splat(offset), f32x4.mul(v128.load(luma), f32x4.splat(lumaFactor)));
    colour = f32x4.add(colour, f32x4.mul(v128.load(u), f32x4.splat(uFactor)));
    colour = f32x4.add(colour, f32x4.mul(v128.load(v), f32x4.splat(vFactor)));
    v128.store(out, f32x4.pmin(f32x4.pmax(colour, f32x4.splat(bias)), f32x4.splat(-bias)));
    luma += vectorBytes;
    u += vectorBytes;
    v += vectorBytes;
    out += vectorBytes;
  } while (luma < lumaEnd);
}

/** Writes the sums of the input rows of one output row, chunk by chunk. */
function addRows(start: usize, row: usize, stride: usize, inputBytes: usize, sums: usize): void {
  let offset: usize = 0;
  do {
    let sum0 = i16x8.splat(0);
    let sum1 = i16x8.splat(0);
    let sum2 = i16x8.splat(0);
    let sum3 = i16x8.splat(0);
    let source = start + load<usize>(row, RowRecord.start) + offset;
    let count = load<i32>(row, RowRecord.count);
    do {
      const first = v128.load(source);
      const second = v128.load(source, vectorBytes);
      sum0 = i16x8.add(sum0, i16x8.extend_low_i8x16_u(first));
      sum1 = i16x8.add(sum1, i16x8.extend_high_i8x16_u(first));
      sum2 = i16x8.add(sum2, i16x8.extend_low_i8x16_u(second));
      sum3 = i16x8.add(sum3, i16x8.extend_high_i8x16_u(second));
      source += stride;
      count--;
    } while (count);
    v128.store(sums, sum0);
    v128.store(sums, sum1, vectorBytes);
    v128.store(sums, sum2, 2 * vectorBytes);
    v128.store(sums, sum3, 3 * vectorBytes);
    sums += 4 * vectorBytes;
    offset += chunkBytes;
  } while (offset < inputBytes);
}

/** Writes the running sum after each input pixel; the one before the first pixel, at `running`, stays 0. */
function addAlong(sums: usize, sumsEnd: usize, running: usize): void {
  // The fourth lane holds part of the next pixel and is never used.
  let total = i32x4.splat(0);
  do {
    running += vectorBytes;
    total = i32x4.add(total, v128.load16x4_u(sums));
    v128.store(running, total);
    sums += pixelSumBytes;
  } while (sums < sumsEnd);
}

/** The same for single values, eight at a time. */
function addAlongPlane(sums: usize, sumsEnd: usize, running: usize): void {
  running += sizeof<i32>();
  let total = i32x4.splat(0);
  do {
    const values = v128.load(sums);
    total = storeRunning(running, i32x4.extend_low_i16x8_u(values), total);
    total = storeRunning(running + vectorBytes, i32x4.extend_high_i16x8_u(values), total);
    running += 2 * vectorBytes;
    sums += vectorBytes;
  } while (sums < sumsEnd);
}

/** Writes the running sums of four values. @param total the one before, in all lanes @returns the last one, likewise */
function storeRunning(running: usize, values: v128, total: v128): v128 {
  const zero = i32x4.splat(0);
  const pairs = i32x4.add(values, v128.shuffle<u32>(zero, values, 0, 4, 5, 6));
  const fours = i32x4.add(pairs, v128.shuffle<u32>(zero, pairs, 0, 1, 4, 5));
  const sums = i32x4.add(fours, total);
  v128.store(running, sums);
  return v128.shuffle<u32>(sums, sums, 3, 3, 3, 3);
}

/** Writes one row of the three output planes. @returns where the next row begins */
function writeMeans(
  row: usize,
  column: usize,
  columnsEnd: usize,
  running: usize,
  out: usize,
  planeBytes: usize,
): usize {
  const rowFactor = v128.load32_splat(row, RowRecord.factor);
  do {
    const sum = i32x4.sub(
      v128.load(running + load<usize>(column, ColumnRecord.to)),
      v128.load(running + load<usize>(column, ColumnRecord.from)),
    );
    const factor = f32x4.mul(rowFactor, v128.load32_splat(column, ColumnRecord.factor));
    const mean = f32x4.add(f32x4.mul(f32x4.convert_i32x4_u(sum), factor), f32x4.splat(bias));
    v128.store32_lane(out, mean, 0);
    v128.store32_lane(out + planeBytes, mean, 1);
    v128.store32_lane(out + planeBytes + planeBytes, mean, 2);
    out += sizeof<f32>();
    column += ColumnRecord.size;
  } while (column < columnsEnd);
  return out;
}

/** The same for the single values of a plane. */
function writePlaneMeans(row: usize, column: usize, columnsEnd: usize, running: usize, out: usize): usize {
  const rowFactor = load<f32>(row, RowRecord.factor);
  do {
    store<f32>(out, sumOf(column, running) * (rowFactor * load<f32>(column, ColumnRecord.factor)));
    out += sizeof<f32>();
    column += ColumnRecord.size;
  } while (column < columnsEnd);
  return out;
}

/** The sum over a cell of a plane. */
function sumOf(column: usize, running: usize): f32 {
  return f32(
    load<i32>(running + load<usize>(column, ColumnRecord.to)) -
      load<i32>(running + load<usize>(column, ColumnRecord.from)),
  );
}
