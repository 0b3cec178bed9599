import { Writable } from 'node:stream';
import type { FramePool } from './frame-pool.js';
import { PpmHeaderReader, type PictureSize } from './ppm-header.js';

/** One picture of a PPM stream; `buffer` is undefined when the pool was empty and its bytes were skipped. */
export interface PpmPicture extends PictureSize {
  /** RGB24, width × height × 3 bytes; belongs to who gets the picture, who must give it back to the pool. */
  readonly buffer: Uint8Array | undefined;
}

interface PartialPicture extends PpmPicture {
  readonly byteLength: number;
  received: number;
}

/**
 * Takes the stdout of one ffmpeg apart into pictures, copying every byte once. Never pushes back: without a free
 * buffer the bytes are skipped, so that ffmpeg never waits for the program and falls behind the camera.
 */
export class PpmStream extends Writable {
  readonly #pool: FramePool;
  readonly #onPicture: (picture: PpmPicture) => void;
  readonly #header = new PpmHeaderReader();
  #picture: PartialPicture | undefined;

  /** @param onPicture called with each complete picture; must not throw. */
  constructor(pool: FramePool, onPicture: (picture: PpmPicture) => void) {
    // fluent-ffmpeg takes the 'close' of its output for a failure, and it would come right after the end.
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
