import { quoted, weightsInvalid } from './weights-invalid.js';

/** No module, class or number that a state dict spells on a line of its own is longer. */
const longestLine = 200;
/** Far longer than the name of any parameter or of an entry in an archive. */
const longestText = 65_535;

/**
 * Reads little-endian numbers and texts one after another. Positions count from the first byte of the file, also where
 * only a part of it is read, so that messages say where to look.
 */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
  }

  get position(): number {
    return this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#pass(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#pass(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#pass(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#pass(4), true);
  }

  /** A count in 8 bytes. */
  count(): number {
    const start = this.#pass(8);
    const count = Number(this.#view.getBigInt64(start, true));
    if (count < 0 || !Number.isSafeInteger(count))
      throw weightsInvalid(`a count at byte ${start}`, `${count}`);
    return count;
  }

  /** The next bytes, which share memory with the file. */
  bytes(length: number): Uint8Array {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** UTF-8 of a length in bytes. */
  text(length: number): string {
    if (length > longestText) {
      throw weightsInvalid(`a text of at most ${longestText} bytes at byte ${this.#position}`, `${length}`);
    }
    return Buffer.from(this.bytes(length)).toString('utf8');
  }

  /** A text that ends with a line feed, which is left out. */
  line(): string {
    const start = this.#position;
    const limit = Math.min(this.#end, start + longestLine);
    const length = this.#bytes.subarray(start, limit).indexOf(0x0a);
    if (length >= 0) return this.text(length + 1).slice(0, -1);
    if (limit === this.#end) this.#pass(limit - start + 1);
    throw weightsInvalid(`a short line at byte ${start}`, `"${quoted(this.text(longestLine))}"`);
  }

  /** Steps over bytes, and gives the position of the first. */
  #pass(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) {
      throw weightsInvalid(
        `${length} more bytes from byte ${start}`,
        `${this.#end - start}: the weights are cut short at byte ${this.#end}`,
      );
    }
    this.#position += length;
    return start;
  }
}
