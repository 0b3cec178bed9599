/** Pixels that are converted at a time, and their bytes as RGB. Each row is read and written in whole steps. */
const stepPixels: usize = 16;
const stepBytes: usize = 3 * stepPixels;
const vectorBytes: usize = 16;
/** Colours are worked out in units of 1/64, sixteen bits wide, and rounded to nearest. */
const fractionBits = 6;
const half: i16 = 32;

/**
 * Converts planar YUV 4:2:0 of limited range into RGB, two rows at a time because they share their chroma. Values before
 * rounding are exact within 1/32.
 *
 * The first parameters are addresses, and `width` is even; src/core/rgb-region.ts explains the others.
 */
export function run(
  luma: usize,
  u: usize,
  v: usize,
  out: usize,
  width: usize,
  rowPairs: i32,
  lumaFactor: i32,
  redV: i32,
  greenU: i32,
  greenV: i32,
  blueU: i32,
): void {
  const outStride = ((width + stepPixels - 1) / stepPixels) * stepBytes;
  do {
    let x: usize = 0;
    let target = out;
    do {
      const centredU = Colours.centred(u + (x >> 1));
      const centredV = Colours.centred(v + (x >> 1));
      const red = i16x8.q15mulr_sat_s(centredV, i16x8.splat(i16(redV)));
      const green = i16x8.add(
        i16x8.q15mulr_sat_s(centredU, i16x8.splat(i16(greenU))),
        i16x8.q15mulr_sat_s(centredV, i16x8.splat(i16(greenV))),
      );
      const blue = i16x8.q15mulr_sat_s(centredU, i16x8.splat(i16(blueU)));
      Colours.write(luma + x, lumaFactor, red, green, blue, target);
      Colours.write(luma + width + x, lumaFactor, red, green, blue, target + outStride);
      target += stepBytes;
      x += stepPixels;
    } while (x < width);
    luma += 2 * width;
    u += width >> 1;
    v += width >> 1;
    out += 2 * outStride;
    rowPairs--;
  } while (rowPairs);
}

/** The steps on sixteen neighbouring pixels, which are inlined because calls would cost more than the work. */
class Colours {
  /** Eight chroma samples less 128, in units of 1/256. */
  @inline
  static centred(chroma: usize): v128 {
    const samples = i16x8.extend_low_i8x16_u(v128.load64_zero(chroma));
    return i16x8.shl(i16x8.sub(samples, i16x8.splat(128)), 8);
  }

  /** Adds luma to what chroma contributes, and writes the colours. */
  @inline
  static write(luma: usize, lumaFactor: i32, red: v128, green: v128, blue: v128, out: usize): void {
    const samples = v128.load(luma);
    const low = Colours.brightness(i16x8.extend_low_i8x16_u(samples), lumaFactor);
    const high = Colours.brightness(i16x8.extend_high_i8x16_u(samples), lumaFactor);
    Colours.interleave(
      Colours.sum(low, high, red),
      Colours.sum(low, high, green),
      Colours.sum(low, high, blue),
      out,
    );
  }

  /** What luma contributes to each colour, and half a unit for rounding. */
  @inline
  static brightness(samples: v128, lumaFactor: i32): v128 {
    const centred = i16x8.shl(i16x8.sub(samples, i16x8.splat(16)), 7);
    return i16x8.add(i16x8.q15mulr_sat_s(centred, i16x8.splat(i16(lumaFactor))), i16x8.splat(half));
  }

  /** Each chroma sample counts for two pixels side by side. Sums beyond the range of bytes become 0 or 255. */
  @inline
  static sum(low: v128, high: v128, chroma: v128): v128 {
    const first = v128.shuffle<u16>(chroma, chroma, 0, 0, 1, 1, 2, 2, 3, 3);
    const second = v128.shuffle<u16>(chroma, chroma, 4, 4, 5, 5, 6, 6, 7, 7);
    return i8x16.narrow_i16x8_u(
      i16x8.shr_s(i16x8.add_sat_s(low, first), fractionBits),
      i16x8.shr_s(i16x8.add_sat_s(high, second), fractionBits),
    );
  }

  @inline
  static interleave(red: v128, green: v128, blue: v128, out: usize): void {
    const redGreen0 = v128.shuffle<u8>(red, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    const redGreen1 = v128.shuffle<u8>(red, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    const redGreen2 = v128.shuffle<u8>(red, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    v128.store(
      out,
      v128.shuffle<u8>(redGreen0, blue, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15),
    );
    v128.store(
      out,
      v128.shuffle<u8>(redGreen1, blue, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15),
      vectorBytes,
    );
    v128.store(
      out,
      v128.shuffle<u8>(redGreen2, blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31),
      2 * vectorBytes,
    );
  }
}
