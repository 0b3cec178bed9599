import { chunkBytes, ColumnRecord, RowRecord } from '../src/detection/mtcnn/area-layout';

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
 * The parameters are addresses or numbers of bytes; src/detection/mtcnn/picture-sampler.ts explains each of them.
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
    addRows(row, stride, inputBytes, sums);
    addAlong(sums, sumsEnd, running);
    out = writeMeans(row, columns, columnsEnd, out, planeBytes);
    row += RowRecord.size;
  } while (row < rowsEnd);
}

/** Writes the sums of the input rows of one output row, chunk by chunk. */
function addRows(row: usize, stride: usize, inputBytes: usize, sums: usize): void {
  let offset: usize = 0;
  do {
    let sum0 = i16x8.splat(0);
    let sum1 = i16x8.splat(0);
    let sum2 = i16x8.splat(0);
    let sum3 = i16x8.splat(0);
    let source = load<usize>(row, RowRecord.start) + offset;
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

/** Writes one row of the three output planes. @returns where the next row begins */
function writeMeans(row: usize, column: usize, columnsEnd: usize, out: usize, planeBytes: usize): usize {
  const rowFactor = v128.load32_splat(row, RowRecord.factor);
  do {
    const sum = i32x4.sub(
      v128.load(load<usize>(column, ColumnRecord.to)),
      v128.load(load<usize>(column, ColumnRecord.from)),
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
