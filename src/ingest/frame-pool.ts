import { SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';

/** The fields of a frame other than its pixels. */
export type FrameFields = Omit<Frame, 'data' | 'retain' | 'release'>;

/**
 * A fixed number of equally large frame buffers. Memory is bounded by `size` buffers: when the frame size changes,
 * buffers of the old size are discarded as their frames are released, and count until then.
 */
export class FramePool {
  readonly #size: number;
  readonly #free: Uint8Array[] = [];
  #byteLength = 0;
  #inUse = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Buffers being filled or held by a frame. */
  get inUse(): number {
    return this.#inUse;
  }

  /** A buffer of `byteLength` bytes with arbitrary content; undefined while all are in use. */
  acquire(byteLength: number): Uint8Array | undefined {
    if (this.#inUse >= this.#size) return undefined;
    if (byteLength !== this.#byteLength) {
      this.#free.length = 0;
      this.#byteLength = byteLength;
    }
    this.#inUse += 1;
    return this.#free.pop() ?? new Uint8Array(byteLength);
  }

  /** Forgets the buffers that are free, and those in use once they are. */
  clear(): void {
    this.#free.length = 0;
    this.#byteLength = 0;
  }

  /** Takes back a buffer that did not become a frame. */
  giveBack(buffer: Uint8Array): void {
    this.#inUse -= 1;
    if (buffer.length === this.#byteLength) this.#free.push(buffer);
  }

  /** A frame over an acquired buffer, with one owner; the last owner's `release()` gives the buffer back. */
  frame(fields: FrameFields, data: Uint8Array): Frame {
    let owners = 1;
    return {
      ...fields,
      data,
      retain: () => {
        if (owners === 0)
          throw new SightlineError('INTERNAL', 'A frame was retained after it had been released.');
        owners += 1;
      },
      release: () => {
        if (owners === 0) return;
        owners -= 1;
        if (owners === 0) this.giveBack(data);
      },
    };
  }
}
