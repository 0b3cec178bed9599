import { crc32 } from 'node:zlib';
import { ByteCursor } from './byte-cursor.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/** First and last byte (exclusive) of an entry's content in the file. */
export interface StoredEntry {
  readonly start: number;
  readonly end: number;
}

const [localSignature, centralSignature, endSignature] = [0x04034b50, 0x02014b50, 0x06054b50];
const endLength = 22;

/**
 * Finds the entries of a zip archive as PyTorch writes it: nothing compressed, no comment at the end, under 4 GiB.
 * Every checksum is compared;
 * entries that share bytes are refused before they cost more time than the file is long.
 *
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @throws SightlineError WEIGHTS_INVALID
 */
export function readStoredZip(file: Uint8Array): Map<string, StoredEntry> {
  const { count, offset } = readEnd(file);
  const cursor = new ByteCursor(file, offset, file.length - endLength);
  const entries = new Map<string, StoredEntry>();
  let content = 0;
  for (let index = 0; index < count; index++) {
    const { name, crc, size, localOffset } = readCentralHeader(cursor);
    if (entries.has(name)) throw weightsInvalid('different entries', `${quoted(name)} twice`);
    const start = contentStart(file, localOffset, offset);
    const end = start + size;
    if (end > offset) throw weightsInvalid(`${quoted(name)} to end before byte ${offset}`, `byte ${end}`);
    // Thousands of entries that share the same bytes would be summed up for hours.
    content += size;
    if (content > offset) throw weightsInvalid('entries that lie one behind the other', 'some that overlap');
    if (crc32(file.subarray(start, end)) !== crc) {
      throw weightsInvalid(`${quoted(name)} as it was written`, 'bytes with another checksum');
    }
    entries.set(name, { start, end });
  }
  return entries;
}

/** The record at the end, which tells where the directory is. */
function readEnd(file: Uint8Array): { count: number; offset: number } {
  const cursor = new ByteCursor(file, Math.max(0, file.length - endLength));
  if (file.length < endLength || cursor.uint32() !== endSignature) {
    throw weightsInvalid('a zip directory at the end', `a file cut short at byte ${file.length}`);
  }
  cursor.bytes(6);
  const count = cursor.uint16();
  cursor.bytes(4);
  const offset = cursor.uint32();
  if (offset > file.length) throw weightsInvalid('a zip directory inside the file', `byte ${offset}`);
  return { count, offset };
}

function readCentralHeader(cursor: ByteCursor) {
  requireSignature(cursor, centralSignature);
  cursor.bytes(4);
  const [flags, method] = [cursor.uint16(), cursor.uint16()];
  cursor.bytes(4);
  const [crc, stored, size] = [cursor.uint32(), cursor.uint32(), cursor.uint32()];
  const [nameLength, extraLength, commentLength] = [cursor.uint16(), cursor.uint16(), cursor.uint16()];
  cursor.bytes(8);
  const localOffset = cursor.uint32();
  const name = cursor.text(nameLength);
  cursor.bytes(extraLength + commentLength);
  const encrypted = (flags & 1) !== 0;
  if (method !== 0 || encrypted || stored !== size) {
    throw weightsInvalid(`${quoted(name)} stored as it is`, `compression method ${method}`);
  }
  return { name, crc, size, localOffset };
}

/** The header in front of an entry has a name and an extra field of its own. */
function contentStart(file: Uint8Array, localOffset: number, directory: number): number {
  const cursor = new ByteCursor(file, Math.min(localOffset, directory), directory);
  requireSignature(cursor, localSignature);
  cursor.bytes(22);
  cursor.bytes(cursor.uint16() + cursor.uint16());
  return cursor.position;
}

function requireSignature(cursor: ByteCursor, expected: number): void {
  const at = cursor.position;
  const received = cursor.uint32();
  if (received === expected) return;
  throw weightsInvalid(`a zip header at byte ${at}`, `the signature 0x${received.toString(16)}`);
}
