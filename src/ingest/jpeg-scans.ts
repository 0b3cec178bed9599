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
