import { Writable } from 'node:stream';
import { SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';
import type { FramePool } from './frame-pool.js';

/** Enough for `P6\n99999 99999\n255\n`. */
const maxHeaderBytes = 32;
/** Room for 8K video. More would mean a broken stream, or one made to exhaust memory. */
const maxPixels = 8192 * 8192;
const lineFeed = 0x0a;
const headerLines = 3;

/** The size of a picture in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the headers `P6\n<width> <height>\n255\n` that ffmpeg writes before every picture, in pieces of any size. */
class PpmHeaderReader {
  #text = '';
  #lines = 0;

  /**
   * Continues reading at `chunk[offset]`.
   *
   * @returns how many bytes belong to the header, and the size once the header is complete.
   * @throws SightlineError SOURCE_FAILED when the bytes are not such a header.
   */
  read(chunk: Uint8Array, offset: number): { consumed: number; size?: PictureSize } {
    let position = offset;
    while (position < chunk.length && this.#lines < headerLines) {
      const byte = chunk[position++] as number;
      this.#text += String.fromCharCode(byte);
      if (byte === lineFeed) this.#lines += 1;
      if (this.#text.length > maxHeaderBytes) throw malformed(this.#text);
    }
    const consumed = position - offset;
    return this.#lines < headerLines ? { consumed } : { consumed, size: this.#finish() };
  }

  #finish(): PictureSize {
    const match = /^P6\n(\d+) (\d+)\n255\n$/.exec(this.#text);
    const [width, height] = [Number(match?.[1]), Number(match?.[2])];
    if (!(width > 0 && height > 0 && width * height <= maxPixels)) throw malformed(this.#text);
    this.#text = '';
    this.#lines = 0;
    return { width, height };
  }
}

function malformed(text: string): SightlineError {
  return new SightlineError(
    'SOURCE_FAILED',
    `Expected ffmpeg to send PPM pictures of at most ${maxPixels} pixels but received ${JSON.stringify(text)}.`,
  );
}

/** One picture of a PPM stream; `buffer` is undefined when the pool had no free buffer and the bytes were skipped. */
export interface PpmPicture extends PictureSize {
  /** RGB24, width × height × 3 bytes. The receiver owns it and must give it back to the pool. */
  readonly buffer: Uint8Array | undefined;
}

interface PartialPicture extends PpmPicture {
  readonly byteLength: number;
  received: number;
}

/**
 * Splits the stdout of one ffmpeg into pictures, copying every byte once. It never applies back pressure: without a free
 * buffer the bytes are skipped, so that ffmpeg never has to wait and fall behind the camera.
 */
class PpmStream extends Writable {
  readonly #pool: FramePool;
  readonly #onPicture: (picture: PpmPicture) => void;
  readonly #header = new PpmHeaderReader();
  #picture: PartialPicture | undefined;

  /** @param onPicture called with each complete picture; must not throw. */
  constructor(pool: FramePool, onPicture: (picture: PpmPicture) => void) {
    // fluent-ffmpeg treats 'close' on its output as a failure, and it would arrive right after the end.
    super({ autoDestroy: false });
    this.#pool = pool;
    this.#onPicture = onPicture;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      this.#consume(chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: () => void): void {
    if (this.#picture?.buffer) this.#pool.giveBack(this.#picture.buffer);
    this.#picture = undefined;
    done();
  }

  #consume(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      if (!this.#picture) {
        const { consumed, size } = this.#header.read(chunk, position);
        position += consumed;
        if (size) this.#begin(size);
      } else {
        position += fill(this.#picture, chunk, position);
        if (this.#picture.received === this.#picture.byteLength) this.#complete(this.#picture);
      }
    }
  }

  #begin({ width, height }: PictureSize): void {
    const byteLength = width * height * 3;
    this.#picture = { width, height, byteLength, buffer: this.#pool.acquire(byteLength), received: 0 };
  }

  #complete(picture: PpmPicture): void {
    this.#picture = undefined;
    this.#onPicture(picture);
  }
}

/** Copies what `chunk` holds of the picture; returns the number of bytes used. */
function fill(picture: PartialPicture, chunk: Buffer, position: number): number {
  const end = Math.min(chunk.length, position + picture.byteLength - picture.received);
  picture.buffer?.set(chunk.subarray(position, end), picture.received);
  picture.received += end - position;
  return end - position;
}

export interface FrameAssemblerOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  /** Frames of this camera counted by earlier sources; sequence numbers continue after them. */
  readonly framesBefore: number;
  /** Takes ownership of the frame; must not throw. */
  readonly onFrame: (frame: Frame) => void;
}

/**
 * Turns the pictures of one camera into numbered frames. It outlives ffmpeg: each new process gets its own `stream()`,
 * and the counts continue.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #frames: number;
  #dropped = 0;

  constructor(options: FrameAssemblerOptions) {
    this.#options = options;
    this.#frames = options.framesBefore;
  }

  /** Frames decoded so far, including dropped ones and those of earlier sources. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames dropped so far because every buffer in the pool was in use. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * A new stream for the stdout of one ffmpeg.
   *
   * @param onPicture called with the size of every complete picture, kept or dropped, before `onFrame`.
   */
  stream(onPicture: (size: PictureSize) => void): Writable {
    return new PpmStream(this.#options.pool, (picture) => {
      onPicture(picture);
      this.#take(picture);
    });
  }

  #take({ width, height, buffer }: PpmPicture): void {
    const { cameraId, pool, onFrame } = this.#options;
    this.#frames += 1;
    if (!buffer) {
      this.#dropped += 1;
      return;
    }
    const times = { capturedAt: Date.now(), capturedMonotonic: performance.now() };
    onFrame(pool.frame({ cameraId, sequence: this.#frames, ...times, width, height }, buffer));
  }
}
