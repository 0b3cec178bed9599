const MARKER = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Markers below it, and those of restarts, stand alone: no segment follows. */
const FIRST_WITH_SEGMENT = 0xc0;

/**
 * How many scans a JPEG file has. Each goes over the whole picture, and a few bytes are enough for one. Walks the
 * markers as libjpeg does.
 */
export function countJpegScans(bytes: Buffer): number {
  let scans = 0;
  let at = bytes.indexOf(MARKER, 2);
  while (at !== -1 && at + 1 < bytes.length) {
    const code = bytes.readUInt8(at + 1);
    if (code === END_OF_IMAGE) break;
    if (code === START_OF_SCAN) scans++;
    at = bytes.indexOf(MARKER, at + (code === MARKER ? 1 : 2 + segmentBytes(bytes, at + 2, code)));
  }
  return scans;
}

/** Of the segment at `at` that belongs to a marker, its length included. */
function segmentBytes(bytes: Buffer, at: number, code: number): number {
  const standsAlone = code < FIRST_WITH_SEGMENT || (code >= 0xd0 && code <= 0xd8);
  return standsAlone || at + 2 > bytes.length ? 0 : bytes.readUInt16BE(at);
}
