import { ByteCursor } from './byte-cursor.js';
import { readPickle } from './pickle-machine.js';
import { elementBytes, TensorReference, type PickleValue, type StorageReference } from './pickle-values.js';
import { StateTensor } from './state-tensor.js';
import { readStoredZip } from './stored-zip.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/** The tensors of a module by the names of its parameters, in the order of the file. */
export type StateDict = ReadonlyMap<string, StateTensor>;

const zipMagic = Buffer.from('PK\x03\x04', 'latin1');
/** The pickle of a number that torch.save chose for its legacy format. */
const legacyMagic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const legacyProtocol = 1001;

/**
 * Reads a state dict of float and integer tensors that torch.save wrote, in the zip format (PyTorch 1.6 and later) or
 * the legacy one. No pickle is ever executed; docs/adr/0007 says how.
 *
 * Format: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 *
 * @param file which the tensors share memory with
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

/** A zip archive with data.pkl, one entry data/<key> for each storage, and a few that say how it was written. */
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
