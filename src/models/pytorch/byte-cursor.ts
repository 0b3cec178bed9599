import { SightlineError } from '../../core/errors.js';

/** No module name, class name or number that a state dict has on a line of its own is longer. */
const longestLine = 200;
/** Far longer than the name of any parameter or of an entry in an archive. */
const longestText = 65_535;

/**
 * Reads little-endian numbers and strings one after another. Positions count from the first byte of the file even if
 * only a part of it is read, so that error messages point to the right place.
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
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** A count in 8 bytes. */
  count(): number {
    const start = this.#advance(8);
    const count = Number(this.#view.getBigInt64(start, true));
    if (count < 0 || !Number.isSafeInteger(count))
      throw weightsInvalid(`a count at byte ${start}`, `${count}`);
    return count;
  }

  /** The next bytes, which share memory with the file. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A UTF-8 string of `length` bytes. */
  text(length: number): string {
    if (length > longestText) {
      throw weightsInvalid(`a text of at most ${longestText} bytes at byte ${this.#position}`, `${length}`);
    }
    return Buffer.from(this.bytes(length)).toString('utf8');
  }

  /** A string up to the next line feed, which is consumed but not returned. */
  line(): string {
    const start = this.#position;
    const limit = Math.min(this.#end, start + longestLine);
    const length = this.#bytes.subarray(start, limit).indexOf(0x0a);
    if (length >= 0) return this.text(length + 1).slice(0, -1);
    if (limit === this.#end) this.#advance(limit - start + 1);
    throw weightsInvalid(`a short line at byte ${start}`, `"${quoted(this.text(longestLine))}"`);
  }

  /** Moves past `length` bytes and returns the position of the first. */
  #advance(length: number): number {
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

/** A WEIGHTS_INVALID error with a message in the form of the error catalogue. */
export function weightsInvalid(expected: string, received: string): SightlineError {
  return new SightlineError('WEIGHTS_INVALID', `Expected ${expected} but received ${received}`);
}

/** A string from a file, made safe for a message: at most 80 characters, and without control characters. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return short.replaceAll(/[^\x20-\x7e]/g, '?');
}
