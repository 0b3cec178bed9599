/** The picture formats that Sightline reads. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif' | 'avif' | 'heic';

/** The format can be told from this many bytes at the start of a file. */
export const formatBytes = 16;

const signatures: readonly (readonly [ImageFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['tiff', /^(II[*+]\0|MM\0[*+])/],
  ['gif', /^GIF8[79]a/],
  ['avif', /^[^]{4}ftypavi[fs]/],
  // `mif1` and `msf1` are what some programs call it that write HEIF pictures of any codec.
  ['heic', /^[^]{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)/],
];

/**
 * The format that a file's first bytes declare; undefined for any other. It is checked before a decoder sees the file,
 * so that formats Sightline does not support (SVG, PDF, …) never reach their decoders.
 */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, formatBytes)).toString('latin1');
  return signatures.find(([, signature]) => signature.test(head))?.[0];
}

const markerByte = 0xff;
const endOfImage = 0xd9;
const startOfScan = 0xda;
/** Markers below this one, and restart markers, stand alone: no segment follows them. */
const firstWithSegment = 0xc0;

/**
 * Counts the scans of a JPEG file: each one costs a pass over the whole picture and takes only a few bytes to write.
 * Walks the markers the way libjpeg does, byte by byte: a file may consist of nothing but markers, and searching for each
 * one would take too long.
 */
export function countJpegScans(bytes: Buffer): number {
  let scans = 0;
  let at = 2;
  while (at + 1 < bytes.length) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] !== markerByte || code === markerByte) {
      at++;
      continue;
    }
    if (code === endOfImage) break;
    if (code === startOfScan) scans++;
    at += 2 + segmentBytes(bytes, at + 2, code);
  }
  return scans;
}

/** Bytes of the segment at `at` that belongs to a marker, its length field included; 0 when the marker has none. */
function segmentBytes(bytes: Buffer, at: number, code: number): number {
  const standsAlone = code < firstWithSegment || (code >= 0xd0 && code <= 0xd8);
  return standsAlone || at + 2 > bytes.length ? 0 : bytes.readUInt16BE(at);
}

const riffHeaderBytes = 12;
const chunkHeaderBytes = 8;
/** `ANMF` as a number: a file may hold a million chunks, and making a string of each would take too long. */
const frameChunk = Buffer.from('ANMF').readUInt32LE();

/** Counts the frames of an animated WebP file; 0 for a still picture. */
export function countWebpFrames(bytes: Buffer): number {
  let frames = 0;
  let at = riffHeaderBytes;
  while (at + chunkHeaderBytes <= bytes.length) {
    if (bytes.readUInt32LE(at) === frameChunk) frames++;
    const length = bytes.readUInt32LE(at + 4);
    at += chunkHeaderBytes + length + (length % 2);
  }
  return frames;
}
