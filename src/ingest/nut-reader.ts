import {
  fileId,
  frameFlag,
  malformed,
  NutBytes,
  OutOfBytes,
  readMainHeader,
  readStreamHeader,
  startcode,
  startcodeByte,
  type FrameCode,
  type NutFormat,
  type NutMainHeader,
  type NutVideoHeader,
} from './nut-headers.js';

/** Longest header that is read; others, which hold texts, are skipped whatever their length. */
const maxHeaderBytes = 16_384;
/** Packets and headers longer than this have a checksum before their contents. */
const checksummedFrom = 4096;
const checksumBytes = 4;

/** What is known of a packet before its bytes. */
export interface NutPacket {
  readonly width: number;
  readonly height: number;
  readonly byteLength: number;
  /** When it is to be shown, in ms on the clock of the stream. */
  readonly presentedAt: number;
  readonly isKey: boolean;
}

export interface NutReaderOptions {
  /**
   * Where the bytes of a packet go: a buffer of at least `byteLength`, or undefined to skip them. May throw to refuse
   * the stream.
   */
  readonly onPacket: (packet: NutPacket) => Uint8Array | undefined;
  /** Called when all bytes of a packet are in the buffer that `onPacket` returned for it. */
  readonly onComplete: (packet: NutPacket, buffer: Uint8Array | undefined) => void;
}

/** A packet of which some bytes may be missing. */
interface Incoming {
  readonly packet: NutPacket;
  readonly buffer: Uint8Array | undefined;
  received: number;
}

/**
 * Reads a NUT stream with one video stream in pieces of any size, and copies each byte of its packets once. It holds no
 * more than one header. Checksums are not compared: a pipe does not change bytes.
 */
export class NutReader {
  readonly #options: NutReaderOptions;
  /** Bytes of something that did not end with the last chunk. */
  #rest = Buffer.alloc(0);
  #begun = false;
  #main: NutMainHeader | undefined;
  #video: NutVideoHeader | undefined;
  #lastPts = 0;
  #toSkip = 0;
  #incoming: Incoming | undefined;

  constructor(options: NutReaderOptions) {
    this.#options = options;
  }

  /** What the stream consists of; undefined until its header has come. */
  get format(): NutFormat | undefined {
    return this.#video;
  }

  /** Gives up the packet whose bytes are not complete. @returns its buffer, if there is one */
  abandon(): Uint8Array | undefined {
    const buffer = this.#incoming?.buffer;
    this.#incoming = undefined;
    return buffer;
  }

  /** @throws SightlineError SOURCE_FAILED when the bytes are not NUT; do not go on then */
  push(chunk: Buffer): void {
    const bytes = new NutBytes(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]), 0);
    while (bytes.position < bytes.data.length) {
      if (this.#incoming !== undefined) this.#fill(this.#incoming, bytes);
      else if (this.#toSkip > 0) this.#skip(bytes);
      else if (!this.#readNext(bytes)) break;
    }
    this.#rest = Buffer.from(bytes.data.subarray(bytes.position));
  }

  /** Reads one header, up to its packet if it has one; false when its end is not there yet. */
  #readNext(bytes: NutBytes): boolean {
    const { position } = bytes;
    try {
      if (!this.#begun) this.#readFileId(bytes);
      else if (bytes.data[position] === startcodeByte) this.#readHeader(bytes);
      else this.#readFrame(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof OutOfBytes)) throw error;
      if (bytes.data.length - position > maxHeaderBytes) throw malformed('a header without an end');
      bytes.position = position;
      return false;
    }
  }

  #readFileId(bytes: NutBytes): void {
    const begin = bytes.data.subarray(bytes.position, bytes.position + fileId.length);
    if (!begin.equals(fileId.subarray(0, begin.length)))
      throw malformed(JSON.stringify(begin.toString('latin1')));
    bytes.take(fileId.length);
    this.#begun = true;
  }

  #readHeader(bytes: NutBytes): void {
    const code = bytes.startcode();
    const byteLength = bytes.number();
    if (byteLength > checksummedFrom) bytes.take(checksumBytes);
    const isKnown = code === startcode.main || code === startcode.stream || code === startcode.syncpoint;
    if (!isKnown) {
      this.#toSkip = byteLength;
      return;
    }
    if (byteLength > maxHeaderBytes) throw malformed(`a header of ${byteLength} bytes`);
    const header = new NutBytes(bytes.take(byteLength), 0);
    try {
      this.#takeHeader(code, header);
    } catch (error) {
      throw error instanceof OutOfBytes ? malformed('a header that is too short') : error;
    }
  }

  #takeHeader(code: bigint, header: NutBytes): void {
    if (code === startcode.main) this.#main = readMainHeader(header);
    else if (code === startcode.stream) this.#video = readStreamHeader(header);
    else this.#takeSyncpoint(header);
  }

  /** Times after a syncpoint are told relative to its own. */
  #takeSyncpoint(header: NutBytes): void {
    const { main, video } = this.#headers();
    const coded = header.number();
    const count = main.timeBasesMs.length;
    const ms = Math.floor(coded / count) * unitMs(main, coded % count);
    this.#lastPts = Math.round(ms / unitMs(main, video.timeBase));
  }

  #readFrame(bytes: NutBytes): void {
    const { main, video } = this.#headers();
    const code = main.frameCodes[bytes.byte()] as FrameCode;
    const flags = code.flags & frameFlag.coded ? code.flags ^ bytes.number() : code.flags;
    if (flags & frameFlag.invalid) throw malformed('a frame that is marked as invalid');
    if (flags & frameFlag.streamId) bytes.number();
    const pts =
      flags & frameFlag.codedPts ? this.#fullPts(bytes.number(), video) : this.#lastPts + code.ptsDelta;
    const size = code.sizeLsb + (flags & frameFlag.sizeMsb ? bytes.number() * code.sizeMul : 0);
    if (flags & frameFlag.matchTime) bytes.signed();
    const headerIdx = flags & frameFlag.headerIdx ? bytes.number() : code.headerIdx;
    const reserved = flags & frameFlag.reserved ? bytes.number() : code.reservedCount;
    for (let index = 0; index < reserved; index++) bytes.number();
    if (flags & frameFlag.checksum) bytes.take(checksumBytes);
    this.#lastPts = pts;
    const begin = main.elisionHeaders[size > checksummedFrom ? 0 : headerIdx];
    if (begin === undefined || begin.length > size)
      throw malformed('a packet that is shorter than its beginning');
    this.#begin(
      {
        ...{ width: video.width, height: video.height, byteLength: size },
        ...{ presentedAt: pts * unitMs(main, video.timeBase), isKey: (flags & frameFlag.key) !== 0 },
      },
      begin,
    );
  }

  /** A time that was told modulo 2 to the power of `msbPtsShift`, or in full with that added. */
  #fullPts(coded: number, { msbPtsShift }: NutVideoHeader): number {
    const modulus = 2 ** msbPtsShift;
    if (coded >= modulus) return coded - modulus;
    const from = this.#lastPts - Math.floor((modulus - 1) / 2);
    return from + ((((coded - from) % modulus) + modulus) % modulus);
  }

  #begin(packet: NutPacket, begin: Uint8Array): void {
    const buffer = this.#options.onPacket(packet);
    buffer?.set(begin);
    const incoming = { packet, buffer, received: begin.length };
    if (incoming.received === packet.byteLength) this.#options.onComplete(packet, buffer);
    else this.#incoming = incoming;
  }

  #fill(incoming: Incoming, bytes: NutBytes): void {
    const missing = incoming.packet.byteLength - incoming.received;
    const piece = bytes.take(Math.min(missing, bytes.data.length - bytes.position));
    incoming.buffer?.set(piece, incoming.received);
    incoming.received += piece.length;
    if (piece.length < missing) return;
    this.#incoming = undefined;
    this.#options.onComplete(incoming.packet, incoming.buffer);
  }

  #skip(bytes: NutBytes): void {
    this.#toSkip -= bytes.take(Math.min(this.#toSkip, bytes.data.length - bytes.position)).length;
  }

  #headers(): { main: NutMainHeader; video: NutVideoHeader } {
    if (this.#main === undefined || this.#video === undefined) throw malformed('a frame before its headers');
    return { main: this.#main, video: this.#video };
  }
}

function unitMs({ timeBasesMs }: NutMainHeader, index: number): number {
  const unit = timeBasesMs[index];
  if (unit === undefined || !(unit > 0 && Number.isFinite(unit))) throw malformed('a time without a unit');
  return unit;
}
