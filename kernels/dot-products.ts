const vectorBytes: usize = 16;

/**
 * Multiplies a probe of 16-bit codes with rows of 8-bit codes, eight products an instruction, and writes one 32-bit sum
 * for each row. All parameters are addresses. Probe and rows are padded with zeros to a multiple of 32 codes, and there
 * is at least one row.
 */
export function run(probe: usize, probeEnd: usize, row: usize, rowsEnd: usize, out: usize): void {
  do {
    // Four separate sums, so that no addition has to wait for the one before.
    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    let sum2 = i32x4.splat(0);
    let sum3 = i32x4.splat(0);
    let column = probe;
    do {
      const first = v128.load(row);
      sum0 = i32x4.add(sum0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(first), v128.load(column)));
      sum1 = i32x4.add(
        sum1,
        i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(first), v128.load(column, vectorBytes)),
      );
      const second = v128.load(row, vectorBytes);
      sum2 = i32x4.add(
        sum2,
        i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(second), v128.load(column, 2 * vectorBytes)),
      );
      sum3 = i32x4.add(
        sum3,
        i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(second), v128.load(column, 3 * vectorBytes)),
      );
      column += 4 * vectorBytes;
      row += 2 * vectorBytes;
    } while (column < probeEnd);
    const sum = i32x4.add(i32x4.add(i32x4.add(sum0, sum1), sum2), sum3);
    store<i32>(
      out,
      i32x4.extract_lane(sum, 0) +
        i32x4.extract_lane(sum, 1) +
        i32x4.extract_lane(sum, 2) +
        i32x4.extract_lane(sum, 3),
    );
    out += sizeof<i32>();
  } while (row < rowsEnd);
}
