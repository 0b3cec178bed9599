const clear = 4;
const end = 5;
const firstFree = 6;
const lastCode = 4095;

/**
 * A GIF of one colour. An encoder that is handed the pixels of a huge one needs minutes; LZW of one colour can be
 * written down, because every new code stands for one pixel more than the one before it.
 */
export function plainGif(width: number, height: number): Buffer {
  const bits = new BitWriter();
  let left = width * height;
  let size = 3;
  while (left > 0) {
    bits.write(clear, size);
    size = 3;
    bits.write(0, size);
    left -= 1;
    for (let code = firstFree; code <= lastCode && left > 0; code++) {
      size = sizeOf(code);
      const pixels = Math.min(left, code - firstFree + 2);
      bits.write(pixels === 1 ? 0 : pixels + firstFree - 2, size);
      left -= pixels;
      size = sizeOf(Math.min(code + 1, lastCode));
    }
  }
  bits.write(end, size);
  return Buffer.concat([header(width, height), ...blocks(bits.bytes()), Buffer.from([0, 0x3b])]);
}

/** Bits in which a code is written when it is the newest of the table. */
function sizeOf(code: number): number {
  return Math.max(3, 32 - Math.clz32(code));
}

function header(width: number, height: number): Buffer {
  const [w, h] = [width, height].map((side) => [side & 255, side >> 8]) as [number[], number[]];
  const palette = [200, 100, 50, ...Array<number>(9).fill(0)];
  const frame = [0x2c, 0, 0, 0, 0, ...w, ...h, 0];
  return Buffer.from([...Buffer.from('GIF89a'), ...w, ...h, 0x81, 0, 0, ...palette, ...frame, 2]);
}

function blocks(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Buffer.from([part.length]), part);
  }
  return parts;
}

/** Packs codes of any size, the lowest bit first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #pending = 0;
  #count = 0;

  write(code: number, size: number): void {
    this.#pending |= code << this.#count;
    this.#count += size;
    for (; this.#count >= 8; this.#count -= 8) {
      this.#bytes.push(this.#pending & 255);
      this.#pending >>>= 8;
    }
  }

  bytes(): Buffer {
    return Buffer.from([...this.#bytes, this.#pending & 255]);
  }
}
