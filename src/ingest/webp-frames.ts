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
