/** An upright picture: RGB, 8 bits a channel, rows from the top, no padding; `data.length === width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * One decoded video frame with immutable pixels and a reference count that starts at 1. Call `retain()` to keep it beyond
 * the current call, and `release()` once for each reference. After the last release its buffer goes back to a pool and
 * is overwritten.
 */
export interface Frame extends RgbImage {
  readonly cameraId: string;
  /** Counts the frames decoded from this camera since the program started, dropped ones included; from 1. */
  readonly sequence: number;
  /** When the last byte of the frame arrived: milliseconds since the epoch. */
  readonly capturedAt: number;
  /** The same moment on the monotonic clock of `performance.now()`, in ms. */
  readonly capturedMonotonic: number;
  /** Adds a reference. */
  retain(): void;
  /** Gives up a reference. */
  release(): void;
}
