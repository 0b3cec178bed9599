import { crc32 } from 'node:zlib';
import { ByteCursor, quoted, weightsInvalid } from './byte-cursor.js';
import { readPickle } from './pickle.js';
import {
  elementBytes,
  StateTensor,
  TensorReference,
  type PickleValue,
  type StorageReference,
} from './tensors.js';

/** The tensors of a module by the names of its parameters, in the order of the file. */
export type StateDict = ReadonlyMap<string, StateTensor>;

const zipMagic = Buffer.from('PK\x03\x04', 'latin1');
/** The pickle of the magic number of torch.save's legacy format. */
const legacyMagic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const legacyProtocol = 1001;

/**
 * Reads a state dict of float and integer tensors that torch.save wrote, in the zip format (PyTorch 1.6 and later) or
 * the legacy one. No pickle is ever executed; docs/adr/0007 explains how.
 *
 * Format: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 *
 * @param file its memory is shared with the tensors
 * @throws SightlineError WEIGHTS_INVALID
 */
export function readStateDict(file: Uint8Array): StateDict {
  const begins = (magic: Uint8Array) => Buffer.compare(file.subarray(0, magic.length), magic) === 0;
  if (begins(zipMagic)) return readZipFormat(file);
  if (begins(legacyMagic)) return readLegacyFormat(file);
  const first = Buffer.from(file.subarray(0, 8)).toString('hex');
  const received = file.length === 0 ? 'an empty file' : `a file that begins with the bytes ${first}`;
  throw weightsInvalid('a weight file of PyTorch', received);
}

/** A zip archive with data.pkl, one entry data/<key> for each storage, and a few entries about how it was written. */
function readZipFormat(file: Uint8Array): StateDict {
  const entries = readStoredZip(file);
  const [pickle, ...others] = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined || others.length > 0) {
    throw weightsInvalid('a zip archive with one data.pkl', `${pickle === undefined ? 'none' : 'several'}`);
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  const content = (name: string): Uint8Array => {
    const entry = entries.get(`${folder}${name}`);
    if (!entry) throw weightsInvalid(`an entry ${quoted(name)}`, 'none in the archive');
    return file.subarray(entry.start, entry.end);
  };
  if (entries.has(`${folder}byteorder`))
    requireLittleEndian(Buffer.from(content('byteorder')).equals(little));
  const { start, end } = entries.get(pickle) ?? { start: 0, end: 0 };
  const tensors = requireTensors(readPickle(new ByteCursor(file, start, end)));
  return withStorages(tensors, ({ key }) => content(`data/${key}`));
}

const little = Buffer.from('little');

/** Pickles in a row (magic, protocol, the writer's machine, the state dict, storage keys), then counts and numbers. */
function readLegacyFormat(file: Uint8Array): StateDict {
  const cursor = new ByteCursor(file, legacyMagic.length);
  if (readPickle(cursor) !== legacyProtocol) throw weightsInvalid(`protocol ${legacyProtocol}`, 'another');
  const machine = readPickle(cursor);
  requireLittleEndian(machine instanceof Map && machine.get('little_endian') === true);
  const tensors = requireTensors(readPickle(cursor));
  const storages = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const found = readStorages(cursor, storages);
  if (cursor.position !== file.length) {
    throw weightsInvalid(`the file to end at byte ${cursor.position}`, `${file.length} bytes`);
  }
  return withStorages(tensors, ({ key }) => {
    const bytes = found.get(key);
    if (!bytes) throw weightsInvalid(`a storage ${quoted(key)}`, 'none');
    return bytes;
  });
}

function readStorages(
  cursor: ByteCursor,
  storages: ReadonlyMap<string, StorageReference>,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const keys = readPickle(cursor);
  if (!Array.isArray(keys)) throw weightsInvalid('a list of storages', 'something else');
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw weightsInvalid('storages that tensors lie in', 'another');
    const count = cursor.count();
    if (count !== storage.count) {
      throw weightsInvalid(`${storage.count} numbers in storage ${quoted(storage.key)}`, `${count}`);
    }
    found.set(storage.key, cursor.bytes(count * elementBytes[storage.elementType]));
  }
  return found;
}

function requireLittleEndian(isLittle: boolean): void {
  if (!isLittle) throw weightsInvalid('numbers in little-endian order', 'another order');
}

function requireTensors(value: PickleValue): ReadonlyMap<string, TensorReference> {
  if (!(value instanceof Map)) throw weightsInvalid('a state dict', 'another kind of value');
  const tensors = new Map<string, TensorReference>();
  for (const [name, tensor] of value) {
    if (!(tensor instanceof TensorReference)) {
      throw weightsInvalid(`a tensor as ${quoted(name)}`, 'another kind of value');
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

function withStorages(
  tensors: ReadonlyMap<string, TensorReference>,
  bytesOf: (storage: StorageReference) => Uint8Array,
): StateDict {
  return new Map(
    [...tensors].map(([name, reference]) => [name, new StateTensor(reference, bytesOf(reference.storage))]),
  );
}

/** First and last byte (exclusive) of an entry's content in the file. */
interface StoredEntry {
  readonly start: number;
  readonly end: number;
}

const [localSignature, centralSignature, endSignature] = [0x04034b50, 0x02014b50, 0x06054b50];
const endLength = 22;

/**
 * Finds the entries of a zip archive as PyTorch writes it: nothing compressed, no comment at the end, under 4 GiB.
 * Every checksum is verified. Entries that share bytes are rejected, so that the work stays proportional to the size of
 * the file.
 *
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @throws SightlineError WEIGHTS_INVALID
 */
function readStoredZip(file: Uint8Array): Map<string, StoredEntry> {
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
    // Checksums of thousands of entries that share the same bytes would take hours.
    content += size;
    if (content > offset) throw weightsInvalid('entries that do not overlap', 'overlapping ones');
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
