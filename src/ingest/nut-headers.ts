import { SightlineError } from '../core/errors.js';

/** The NUT container, version 3, as ffmpeg writes it. Specification: https://ffmpeg.org/~michael/nut.txt */

/** What NUT begins with. */
export const fileId = Buffer.from('nut/multimedia container\0', 'latin1');

/** The first byte of a startcode; no frame begins with it. */
export const startcodeByte = 0x4e;
export const startcode = {
  main: 0x4e4d7a561f5f04adn,
  stream: 0x4e5311405bf2f9dbn,
  syncpoint: 0x4e4be4adeeca4569n,
} as const;

/** Bits of the flags of a frame. */
export const frameFlag = {
  key: 1,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  headerIdx: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

/** Version 4, which ffmpeg writes only when told to, has other frames. */
const knownVersion = 3;
const frameCodeCount = 256;
const videoClass = 0;

/** What the first byte of a frame stands for. */
export interface FrameCode {
  readonly flags: number;
  readonly streamId: number;
  readonly ptsDelta: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly reservedCount: number;
  readonly headerIdx: number;
}

export interface NutMainHeader {
  /** Milliseconds for each unit of time, by number. */
  readonly timeBasesMs: readonly number[];
  readonly frameCodes: readonly FrameCode[];
  /** Beginnings that small packets leave out, by number. */
  readonly elisionHeaders: readonly Uint8Array[];
}

export interface NutVideoHeader extends NutFormat {
  /** Number of its unit of time. */
  readonly timeBase: number;
  /** Times near the last one are told modulo 2 to the power of this. */
  readonly msbPtsShift: number;
}

/** What a decoder must know of a video stream. */
export interface NutFormat {
  /** The name of its format, as bytes. */
  readonly fourcc: Uint8Array;
  /** By how many pictures the order of decoding and that of showing differ. */
  readonly decodeDelay: number;
  /** What the format needs beside the packets, such as H.264's parameter sets. */
  readonly parameters: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Thrown when the bytes end in the middle of something. */
export class OutOfBytes extends Error {}
const outOfBytes = new OutOfBytes('The bytes end here.');

/** The error for a stream that is not the NUT that ffmpeg was asked for. */
export function malformed(received: string): SightlineError {
  return new SightlineError('SOURCE_FAILED', `Expected ffmpeg to send NUT but received ${received}.`);
}

/** Reads the kinds of numbers that NUT has. Every method throws `OutOfBytes` at the end of `data`. */
export class NutBytes {
  position: number;
  readonly data: Buffer;

  constructor(data: Buffer, position: number) {
    this.data = data;
    this.position = position;
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  /** 8 bytes, big-endian. */
  startcode(): bigint {
    return this.take(8).readBigUInt64BE();
  }

  /** An unsigned number of any length, 7 bits a byte, the largest first. @throws SightlineError beyond 2^53 */
  number(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (!Number.isSafeInteger(value)) throw malformed('a number that is too large');
      if (byte < 128) return value;
    }
  }

  /** A number with a sign: 0, 1, −1, 2, −2, … */
  signed(): number {
    const value = this.number() + 1;
    return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
  }

  /** Bytes behind their count. */
  bytes(): Buffer {
    return this.take(this.number());
  }

  take(byteLength: number): Buffer {
    const end = this.position + byteLength;
    if (end > this.data.length) throw outOfBytes;
    const bytes = this.data.subarray(this.position, end);
    this.position = end;
    return bytes;
  }
}

/** @throws SightlineError SOURCE_FAILED for another version or a table that makes no sense */
export function readMainHeader(bytes: NutBytes): NutMainHeader {
  const version = bytes.number();
  if (version !== knownVersion) throw malformed(`version ${version}`);
  const streams = bytes.number();
  if (streams !== 1) throw malformed(`${streams} streams`);
  bytes.number(); // Most bytes between two syncpoints.
  const timeBasesMs = repeat(bytes.number(), () => (1000 * bytes.number()) / bytes.number());
  const frameCodes = readFrameCodes(bytes);
  const elisionHeaders = [new Uint8Array(0), ...repeat(bytes.number(), () => Uint8Array.from(bytes.bytes()))];
  return { timeBasesMs, frameCodes, elisionHeaders };
}

/** The table is written in runs that differ in the size of the frame only; what a run leaves out is as in the last one. */
function readFrameCodes(bytes: NutBytes): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, streamId, headerIdx] = [0, 1, 0, 0];
  while (codes.length < frameCodeCount) {
    const flags = bytes.number();
    const fields = bytes.number();
    if (fields > 0) ptsDelta = bytes.signed();
    if (fields > 1) sizeMul = bytes.number();
    if (fields > 2) streamId = bytes.number();
    const sizeLsb = fields > 3 ? bytes.number() : 0;
    const reservedCount = fields > 4 ? bytes.number() : 0;
    const count = fields > 5 ? bytes.number() : sizeMul - sizeLsb;
    if (fields > 6) bytes.signed(); // match_time_delta
    if (fields > 7) headerIdx = bytes.number();
    for (let field = 8; field < fields; field++) bytes.number();
    if (count < 1 || count > frameCodeCount) throw malformed(`a run of ${count} frame codes`);
    for (let index = 0; index < count && codes.length < frameCodeCount; index++) {
      // The byte that begins startcodes is left out of the runs.
      if (codes.length === startcodeByte) codes.push({ ...invalidCode });
      codes.push({ flags, streamId, ptsDelta, sizeMul, sizeLsb: sizeLsb + index, reservedCount, headerIdx });
    }
  }
  return codes;
}

const invalidCode: FrameCode = {
  flags: frameFlag.invalid,
  ...{ streamId: 0, ptsDelta: 0, sizeMul: 0, sizeLsb: 0, reservedCount: 0, headerIdx: 0 },
};

/** @throws SightlineError SOURCE_FAILED when it is not a video stream */
export function readStreamHeader(bytes: NutBytes): NutVideoHeader {
  bytes.number(); // Number of the stream: there is one.
  const streamClass = bytes.number();
  if (streamClass !== videoClass) throw malformed(`a stream of class ${streamClass}`);
  const fourcc = Uint8Array.from(bytes.bytes());
  const timeBase = bytes.number();
  const msbPtsShift = bytes.number();
  bytes.number(); // Largest distance of two times.
  const decodeDelay = bytes.number();
  bytes.number(); // Flags.
  const parameters = Uint8Array.from(bytes.bytes());
  const [width, height] = [bytes.number(), bytes.number()];
  return { fourcc, timeBase, msbPtsShift, decodeDelay, parameters, width, height };
}

function repeat<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  // Not by Array.from: a count without its bytes must not reserve memory.
  for (let index = 0; index < count; index++) items.push(read());
  return items;
}
