/** The picture formats that are read. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif' | 'avif';

/** How many first bytes of a file tell its format. */
const FORMAT_BYTES = 16;

const SIGNATURES: readonly (readonly [ImageFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['tiff', /^(II[*+]\0|MM\0[*+])/],
  ['gif', /^GIF8[79]a/],
  ['avif', /^[^]{4}ftypavi[fs]/],
];

/**
 * The format that the first bytes of a file declare, or undefined. Looked at before any decoder sees the file, so that
 * formats nobody asked for (SVG, PDF, …) never reach theirs.
 */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, FORMAT_BYTES)).toString('latin1');
  return SIGNATURES.find(([, signature]) => signature.test(head))?.[0];
}

const MARKER = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Markers below it, and those of restarts, stand alone: no segment follows. */
const FIRST_WITH_SEGMENT = 0xc0;

/**
 * How many scans a JPEG file has. Each goes over the whole picture, and a few bytes are enough for one. Walks the
 * markers as libjpeg does; byte by byte, since a file may be nothing but markers, and a search for each takes too long.
 */
export function countJpegScans(bytes: Buffer): number {
  let scans = 0;
  let at = 2;
  while (at + 1 < bytes.length) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] !== MARKER || code === MARKER) {
      at++;
      continue;
    }
    if (code === END_OF_IMAGE) break;
    if (code === START_OF_SCAN) scans++;
    at += 2 + segmentBytes(bytes, at + 2, code);
  }
  return scans;
}

/** Of the segment at `at` that belongs to a marker, its length included. */
function segmentBytes(bytes: Buffer, at: number, code: number): number {
  const standsAlone = code < FIRST_WITH_SEGMENT || (code >= 0xd0 && code <= 0xd8);
  return standsAlone || at + 2 > bytes.length ? 0 : bytes.readUInt16BE(at);
}

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** `ANMF`, read as a number: a file may hold a million chunks, and a text of each would take too long. */
const FRAME = Buffer.from('ANMF').readUInt32LE();

/** How many frames an animated WebP file has; 0 for a still one. */
export function countWebpFrames(bytes: Buffer): number {
  let frames = 0;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= bytes.length) {
    if (bytes.readUInt32LE(at) === FRAME) frames++;
    const length = bytes.readUInt32LE(at + 4);
    at += CHUNK_HEADER_BYTES + length + (length % 2);
  }
  return frames;
}
