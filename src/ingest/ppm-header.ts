import { SightlineError } from '../core/errors.js';

/** Longer than `P6\n99999 99999\n255\n`. */
const MAX_HEADER_BYTES = 32;
/** 8K video; more would mean a broken stream, or one meant to fill the memory. */
const MAX_PIXELS = 8192 * 8192;
const LINE_FEED = 0x0a;
const HEADER_LINES = 3;

/** Size of a picture in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the headers `P6\n<width> <height>\n255\n` that ffmpeg writes before every picture, in pieces of any size. */
export class PpmHeaderReader {
  #text = '';
  #lines = 0;

  /**
   * Reads on from `chunk[offset]`.
   *
   * @returns how many bytes belong to the header, and the size once the header is complete.
   * @throws SightlineError SOURCE_FAILED when the bytes are no such header.
   */
  read(chunk: Uint8Array, offset: number): { consumed: number; size?: PictureSize } {
    let position = offset;
    while (position < chunk.length && this.#lines < HEADER_LINES) {
      const byte = chunk[position++] as number;
      this.#text += String.fromCharCode(byte);
      if (byte === LINE_FEED) this.#lines += 1;
      if (this.#text.length > MAX_HEADER_BYTES) throw malformed(this.#text);
    }
    const consumed = position - offset;
    return this.#lines < HEADER_LINES ? { consumed } : { consumed, size: this.#finish() };
  }

  #finish(): PictureSize {
    const match = /^P6\n(\d+) (\d+)\n255\n$/.exec(this.#text);
    const [width, height] = [Number(match?.[1]), Number(match?.[2])];
    if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) throw malformed(this.#text);
    this.#text = '';
    this.#lines = 0;
    return { width, height };
  }
}

function malformed(text: string): SightlineError {
  return new SightlineError(
    'SOURCE_FAILED',
    `Expected ffmpeg to send PPM pictures of at most ${MAX_PIXELS} pixels but received ${JSON.stringify(text)}.`,
  );
}
