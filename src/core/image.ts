/** An upright picture: RGB, 8 bits a channel, rows from the top, no padding; `data.length === width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * One decoded video frame; its pixels never change. It comes with one owner. Who keeps it beyond the call that handed
 * it over calls `retain()`, and every owner calls `release()` once when done with its pixels; after the last one the
 * bytes go back to a pool and are written over.
 */
export interface Frame extends RgbImage {
  readonly cameraId: string;
  /** Counts the frames decoded from this camera since the program started, dropped ones included; from 1. */
  readonly sequence: number;
  /** When the last byte of the frame arrived: milliseconds since the epoch. */
  readonly capturedAt: number;
  /** The same moment on the monotonic clock of `performance.now()`, in ms. */
  readonly capturedMonotonic: number;
  /** One more owner. */
  retain(): void;
  /** One owner less. */
  release(): void;
}
