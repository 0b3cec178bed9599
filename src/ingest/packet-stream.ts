import { Writable } from 'node:stream';
import { SightlineError } from '../core/errors.js';
import type { NutFormat } from './nut-headers.js';
import { NutReader } from './nut-reader.js';

/** A larger packet would be one made to exhaust memory. */
const maxPacketBytes = 16 << 20;

/** A packet as it came. */
export interface CopiedPacket {
  readonly presentedAt: number;
  readonly isKey: boolean;
  readonly data: Uint8Array;
  /** The stream that it belongs to. */
  readonly format: NutFormat;
}

/** Splits a stream that ffmpeg copied into its packets. */
export class PacketStream extends Writable {
  readonly #reader: NutReader;

  /** @param onPacket called with each complete packet; must not throw. */
  constructor(onPacket: (packet: CopiedPacket) => void) {
    // fluent-ffmpeg treats 'close' on its output as a failure, and it would arrive right after the end.
    super({ autoDestroy: false });
    this.#reader = new NutReader({
      onPacket: ({ byteLength }) => new Uint8Array(checked(byteLength)),
      onComplete: ({ presentedAt, isKey }, data) => {
        const { format } = this.#reader;
        if (data !== undefined && format !== undefined) onPacket({ presentedAt, isKey, data, format });
      },
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      this.#reader.push(chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

function checked(byteLength: number): number {
  if (byteLength <= maxPacketBytes) return byteLength;
  throw new SightlineError(
    'SOURCE_FAILED',
    `Expected packets of at most ${maxPacketBytes} bytes but received one of ${byteLength} bytes.`,
  );
}
