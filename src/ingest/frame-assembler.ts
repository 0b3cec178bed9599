import { Writable } from 'node:stream';
import { SightlineError } from '../core/errors.js';
import type { Frame, YuvImage } from '../core/image.js';
import { yuvLayout } from '../core/yuv.js';
import type { FramePool } from './frame-pool.js';
import { NutReader, type NutPacket } from './nut-reader.js';

/** Room for 8K video. More would mean a broken stream, or one made to exhaust memory. */
const maxPixels = 8192 * 8192;

/** The size of a picture in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** One decoded picture; `buffer` is undefined when the pool had no free buffer and the bytes were skipped. */
interface Picture extends PictureSize {
  readonly presentedAt: number;
  /** Planar YUV 4:2:0. The receiver owns it and must give it back to the pool. */
  readonly buffer: Uint8Array | undefined;
}

/**
 * Splits one output of one ffmpeg into pictures, copying every byte once. It never applies back pressure: without a free
 * buffer the bytes are skipped, so that ffmpeg never has to wait and fall behind the camera.
 */
class PictureStream extends Writable {
  readonly #pool: Pick<FramePool, 'acquire' | 'giveBack'>;
  readonly #reader: NutReader;

  /** @param onPicture called with each complete picture; must not throw. */
  constructor(pool: Pick<FramePool, 'acquire' | 'giveBack'>, onPicture: (picture: Picture) => void) {
    // fluent-ffmpeg treats 'close' on its output as a failure, and it would arrive right after the end.
    super({ autoDestroy: false });
    this.#pool = pool;
    this.#reader = new NutReader({
      onPacket: (packet) => pool.acquire(checkedByteLength(packet)),
      onComplete: ({ width, height, presentedAt }, buffer) =>
        onPicture({ width, height, presentedAt, buffer }),
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      this.#reader.push(chunk);
      done();
    } catch (error) {
      this.#abandon();
      done(error as Error);
    }
  }

  override _final(done: () => void): void {
    this.#abandon();
    done();
  }

  /** Gives up the picture whose end will not come. */
  #abandon(): void {
    const buffer = this.#reader.abandon();
    if (buffer !== undefined) this.#pool.giveBack(buffer);
  }
}

function checkedByteLength({ width, height, byteLength }: NutPacket): number {
  const isSize = width > 0 && height > 0 && width * height <= maxPixels;
  if (isSize && byteLength === yuvLayout({ width, height }).byteLength) return byteLength;
  throw new SightlineError(
    'SOURCE_FAILED',
    `Expected ffmpeg to send YUV pictures of at most ${maxPixels} pixels but received ${byteLength} bytes for ${width}×${height}.`,
  );
}

export interface FrameAssemblerOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  /** Frames of this camera counted by earlier sources; sequence numbers continue after them. */
  readonly framesBefore: number;
  /** Pictures are skipped, and not counted as dropped, while nobody wants them. */
  readonly isWanted: () => boolean;
  /** Takes ownership of the frame; must not throw. */
  readonly onFrame: (frame: Frame) => void;
}

/** What one ffmpeg's stream is read with. */
export interface StreamOptions {
  /** Which coefficients turn a picture of this height into RGB; asked for each picture. */
  readonly matrix: (height: number) => YuvImage['matrix'];
  /** When a picture that arrives now was taken, on the clock of `performance.now()`. */
  readonly takenAt: (presentedAt: number) => number;
  /** Called with the size of every complete picture, kept or not, before `onFrame`. */
  readonly onPicture?: (size: PictureSize) => void;
}

/**
 * Turns one kind of pictures of a camera into numbered frames. It outlives ffmpeg: each new process gets its own
 * `stream()`, and the counts continue.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #frames: number;
  #dropped = 0;

  constructor(options: FrameAssemblerOptions) {
    this.#options = options;
    this.#frames = options.framesBefore;
  }

  /** Frames that came so far, including dropped ones and those of earlier sources. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames dropped so far because every buffer in the pool was in use. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A new stream for one output of one ffmpeg. */
  stream(options: StreamOptions): Writable {
    const { pool, isWanted } = this.#options;
    const buffers = {
      acquire: (byteLength: number) => (isWanted() ? pool.acquire(byteLength) : undefined),
      giveBack: (buffer: Uint8Array) => pool.giveBack(buffer),
    };
    return new PictureStream(buffers, (picture) => {
      options.onPicture?.(picture);
      this.#take(picture, options);
    });
  }

  #take({ width, height, presentedAt, buffer }: Picture, { matrix, takenAt }: StreamOptions): void {
    const { cameraId, pool, isWanted, onFrame } = this.#options;
    this.#frames += 1;
    if (!buffer) {
      if (isWanted()) this.#dropped += 1;
      return;
    }
    const capturedMonotonic = takenAt(presentedAt);
    const capturedAt = Math.round(Date.now() - (performance.now() - capturedMonotonic));
    const times = { presentedAt, capturedMonotonic, capturedAt };
    const fields = { cameraId, sequence: this.#frames, ...times, width, height, matrix: matrix(height) };
    onFrame(pool.frame(fields, buffer));
  }
}
