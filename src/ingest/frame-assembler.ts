import { Writable } from 'node:stream';
import type { Frame } from '../core/image.js';
import type { FramePool } from './frame-pool.js';
import { PpmHeaderReader, type PictureSize } from './ppm-header.js';

/** The picture being received: `buffer` is undefined while the pool is empty and its bytes are skipped. */
interface PartialPicture extends PictureSize {
  readonly buffer: Uint8Array | undefined;
  readonly byteLength: number;
  received: number;
}

export interface FrameAssemblerOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  /** Called with the size of every complete picture, kept or dropped. */
  readonly onPicture: (size: PictureSize) => void;
  /** Called next, for those kept. Owns the frame from now on, and must not throw. */
  readonly onFrame: (frame: Frame) => void;
}

/**
 * Cuts the PPM pictures of one camera into frames, copying every byte once. It outlives ffmpeg: each new process gets
 * a `stream()` of its own while the counts go on.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #sequence = 0;
  #dropped = 0;

  constructor(options: FrameAssemblerOptions) {
    this.#options = options;
  }

  /** Frames decoded so far, dropped ones included. */
  get frames(): number {
    return this.#sequence;
  }

  /** Frames dropped so far because every buffer of the pool was in use. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A new stream for the stdout of one ffmpeg; never pushes back, so ffmpeg never waits for the program. */
  stream(): Writable {
    const header = new PpmHeaderReader();
    let picture: PartialPicture | undefined;
    return new Writable({
      // fluent-ffmpeg takes the 'close' of its output for a failure, and it would come right after the end.
      autoDestroy: false,
      write: (chunk: Buffer, _encoding, done) => {
        try {
          picture = this.#consume(chunk, header, picture);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
      final: (done) => {
        if (picture?.buffer) this.#options.pool.giveBack(picture.buffer);
        picture = undefined;
        done();
      },
    });
  }

  #consume(
    chunk: Buffer,
    header: PpmHeaderReader,
    begun: PartialPicture | undefined,
  ): PartialPicture | undefined {
    let picture = begun;
    let position = 0;
    while (position < chunk.length) {
      if (!picture) {
        const { consumed, size } = header.read(chunk, position);
        position += consumed;
        picture = size && this.#begin(size);
      } else {
        position += fill(picture, chunk, position);
        if (picture.received === picture.byteLength) {
          this.#complete(picture);
          picture = undefined;
        }
      }
    }
    return picture;
  }

  #begin({ width, height }: PictureSize): PartialPicture {
    const byteLength = width * height * 3;
    return { width, height, byteLength, buffer: this.#options.pool.acquire(byteLength), received: 0 };
  }

  #complete({ width, height, buffer }: PartialPicture): void {
    const { cameraId, pool, onPicture, onFrame } = this.#options;
    this.#sequence += 1;
    onPicture({ width, height });
    if (!buffer) {
      this.#dropped += 1;
      return;
    }
    const times = { capturedAt: Date.now(), capturedMonotonic: performance.now() };
    onFrame(pool.frame({ cameraId, sequence: this.#sequence, ...times, width, height }, buffer));
  }
}

/** Copies what `chunk` holds of the picture; returns the number of bytes used. */
function fill(picture: PartialPicture, chunk: Buffer, position: number): number {
  const end = Math.min(chunk.length, position + picture.byteLength - picture.received);
  picture.buffer?.set(chunk.subarray(position, end), picture.received);
  picture.received += end - position;
  return end - position;
}
