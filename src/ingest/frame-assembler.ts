import type { Writable } from 'node:stream';
import type { Frame } from '../core/image.js';
import type { FramePool } from './frame-pool.js';
import type { PictureSize } from './ppm-header.js';
import { PpmStream, type PpmPicture } from './ppm-stream.js';

export interface FrameAssemblerOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  /** Frames of the camera that others have counted: numbers go on after them. */
  readonly framesBefore: number;
  /** Owns the frame from now on, and must not throw. */
  readonly onFrame: (frame: Frame) => void;
}

/**
 * Makes numbered frames of the pictures of one camera. It outlives ffmpeg: each new process gets a `stream()` of its
 * own while the counts go on.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #frames: number;
  #dropped = 0;

  constructor(options: FrameAssemblerOptions) {
    this.#options = options;
    this.#frames = options.framesBefore;
  }

  /** Frames decoded so far, dropped ones and those before included. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames dropped so far because every buffer of the pool was in use. */
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
