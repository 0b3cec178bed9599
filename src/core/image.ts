/** An upright picture: RGB, 8 bits a channel, rows from the top, no padding; `data.length === width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * A picture in planar YUV 4:2:0, 8 bits a sample, limited range (luma 16 to 235), as decoders give it: `data` holds the
 * luma plane of width × height, then the U and the V plane of ⌈width / 2⌉ × ⌈height / 2⌉ each, rows from the top, no
 * padding.
 */
export interface YuvImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Which coefficients turn it into RGB. */
  readonly matrix: 'bt601' | 'bt709';
}

/** A picture in either form; a `YuvImage` is the one with a `matrix`. */
export type Image = RgbImage | YuvImage;

/**
 * One decoded video frame with immutable pixels and a reference count that starts at 1. Call `retain()` to keep it beyond
 * the current call, and `release()` once for each reference. After the last release its buffer goes back to a pool and
 * is overwritten.
 */
export interface Frame extends YuvImage {
  readonly cameraId: string;
  /**
   * Grows from frame to frame since the program started, dropped ones included. Frames for analysis and frames for
   * viewers are counted apart; the times tell which belong together.
   */
  readonly sequence: number;
  /** When the frame arrived: milliseconds since the epoch. */
  readonly capturedAt: number;
  /** The same moment on the monotonic clock of `performance.now()`, in ms. */
  readonly capturedMonotonic: number;
  /** When it is to be shown, in ms on the clock of the stream; comparable between frames of one run of the source. */
  readonly presentedAt: number;
  /** Adds a reference. */
  retain(): void;
  /** Gives up a reference. */
  release(): void;
}
