import { fileId, frameFlag, startcode, type NutFormat } from './nut-headers.js';

/**
 * Writes NUT for an ffmpeg that reads it from a pipe. It is version 4 with the flag for pipes: the stream may begin at any
 * packet and needs no syncpoint after the first, for each of which ffmpeg would keep a note. Every frame tells its time in
 * full, so that packets can be left out between two of them.
 */

const version = { major: 4, minor: 0 };
const pipeFlag = 2;
const ticksPerSecond = 1000;
const msbPtsShift = 7;
/** ffmpeg reads this number into 32 bits. */
const anyPtsDistance = 2 ** 31 - 1;
const maxSyncpointDistance = 65_536;
/** Headers that are longer have a checksum before their contents, too. */
const checksummedFrom = 4096;
/** The only frame code in use: everything else is told by the frame. */
const frameCode = 1;
const videoClass = 0;

/** What comes before the first packet. @param firstPresentedAt of that packet, in ms on the clock of the stream */
export function nutBeginning(format: NutFormat, firstPresentedAt: number): Buffer {
  return Buffer.concat([
    fileId,
    header(startcode.main, mainHeader()),
    header(startcode.stream, streamHeader(format)),
    header(startcode.syncpoint, numbers(ticks(firstPresentedAt), 0)),
  ]);
}

/** What comes before the bytes of each packet. @param presentedAt in ms on the clock of the stream */
export function nutFrameHeader(packet: {
  readonly presentedAt: number;
  readonly isKey: boolean;
  readonly byteLength: number;
}): Buffer {
  const flags = frameFlag.codedPts | frameFlag.sizeMsb | (packet.isKey ? frameFlag.key : 0);
  const pts = ticks(packet.presentedAt) + 2 ** msbPtsShift;
  return Buffer.concat([Buffer.of(frameCode), numbers(flags, pts, packet.byteLength)]);
}

function mainHeader(): Buffer {
  const { invalid, coded } = frameFlag;
  return Buffer.concat([
    numbers(version.major, version.minor, 1, maxSyncpointDistance, 1, 1, ticksPerSecond),
    // Runs of frame codes, each with six fields: time, size, stream, size, reserved, and how many codes there are.
    numbers(invalid, 6, 0, 1, 0, 0, 0, 1),
    numbers(coded, 6, 0, 1, 0, 0, 0, 1),
    // The byte that begins startcodes is left out of the runs.
    numbers(invalid, 6, 0, 1, 0, 0, 0, 253),
    numbers(0, pipeFlag),
  ]);
}

function streamHeader({ fourcc, decodeDelay, parameters, width, height }: NutFormat): Buffer {
  return Buffer.concat([
    ...[numbers(0, videoClass), withLength(fourcc)],
    numbers(0, msbPtsShift, anyPtsDistance, decodeDelay, 0),
    ...[withLength(parameters), numbers(width, height, 0, 0, 0)],
  ]);
}

function header(code: bigint, content: Buffer): Buffer {
  const begin = Buffer.alloc(8);
  begin.writeBigUInt64BE(code);
  const head = Buffer.concat([begin, numbers(content.length + 4)]);
  const isLong = content.length + 4 > checksummedFrom;
  return Buffer.concat([head, ...(isLong ? [checksum(head)] : []), content, checksum(content)]);
}

function ticks(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds));
}

function withLength(bytes: Uint8Array): Buffer {
  return Buffer.concat([numbers(bytes.length), bytes]);
}

/** Numbers of any length: 7 bits a byte, the largest first. */
function numbers(...values: readonly number[]): Buffer {
  return Buffer.from(
    values.flatMap((value) => {
      const bytes = [value % 128];
      for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
        bytes.unshift((rest % 128) + 128);
      return bytes;
    }),
  );
}

const polynomial = 0x04c11db7;

/** CRC-32 with the largest bit first, without inversion, as NUT has it. */
function checksum(bytes: Uint8Array): Buffer {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ polynomial : crc << 1;
  }
  const result = Buffer.alloc(4);
  result.writeInt32BE(crc | 0);
  return result;
}
