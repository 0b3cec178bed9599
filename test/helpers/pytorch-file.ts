import { crc32 } from 'node:zlib';

/** A parameter to write; integers are what PyTorch counts batches with. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** Writes a state dict as torch.save does since PyTorch 1.6: a zip archive of a pickle and the storages. */
export function writeZipFormat(parameters: readonly Parameter[]): Buffer {
  const keys = parameters.map((_, index) => `${index}`);
  return zip({
    'data.pkl': pickleStateDict(parameters, keys, []),
    byteorder: Buffer.from('little'),
    ...Object.fromEntries(parameters.map(({ data }, index) => [`data/${index}`, bytesOf(data)])),
    version: Buffer.from('3\n'),
  });
}

/** Writes a state dict as torch.save did before: pickles in a row, then the storages with their counts. */
export function writeLegacyFormat(parameters: readonly Parameter[]): Buffer {
  const keys = parameters.map((_, index) => `${94897549536000 + 64 * index}`);
  const storages = parameters.flatMap(({ data }) => [count(data.length), bytesOf(data)]);
  return legacy(pickleStateDict(parameters, keys, [none]), keys, storages);
}

/** A file of the legacy format around the pickle of a state dict. */
export function legacy(pickle: Uint8Array, keys: readonly string[], storages: readonly Uint8Array[]): Buffer {
  const system = [letter('}'), ...text('little_endian'), letter('\x88'), letter('s')];
  const list = [letter(']'), letter('('), ...keys.flatMap((key) => text(key)), letter('e')];
  return Buffer.concat([
    Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'),
    pickled([letter('M'), Buffer.from([0xe9, 0x03])]),
    pickled(system),
    pickle,
    pickled(list),
    ...storages,
  ]);
}

/** A zip archive of entries that are not compressed, in a folder called `archive`; ends without a comment. */
export function zip(contents: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(contents)) {
    const name = Buffer.from(`archive/${path}`);
    const sizes = [crc32(content), content.length, content.length];
    // PyTorch lets every content begin at a multiple of 64, by an extra field that is as long as it needs to be.
    const padding = Buffer.alloc(64 - ((offset + 30 + name.length) % 64), 'Z');
    const local = header(0x04034b50, [0, 0, 0, 0, 0], sizes, [name.length, padding.length]);
    parts.push(local, name, padding, content);
    const central = header(0x02014b50, [0, 0, 0, 0, 0, 0], sizes, [name.length, 0, 0, 0, 0]);
    directory.push(central, Buffer.alloc(4), uint32(offset), name);
    offset += local.length + name.length + padding.length + content.length;
  }
  const directoryLength = directory.reduce((sum, { length }) => sum + length, 0);
  const entries = Object.keys(contents).length;
  const end = header(0x06054b50, [0, 0, entries, entries], [directoryLength, offset], [0]);
  return Buffer.concat([...parts, ...directory, end]);
}

/** A pickle of protocol 2 around its instructions. */
export function pickled(instructions: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...instructions, letter('.')]);
}

/** One instruction, or a run of them, from their letters. */
export function letter(letters: string): Buffer {
  return Buffer.from(letters, 'latin1');
}

/** BINUNICODE */
export function text(content: string): Buffer[] {
  const bytes = Buffer.from(content);
  return [letter('X'), uint32(bytes.length), bytes];
}

/** BININT1, BININT2 or BININT */
export function integer(value: number): Buffer {
  if (value < 256) return Buffer.from([letter('K')[0] ?? 0, value]);
  if (value < 65_536) return Buffer.concat([letter('M'), uint16(value)]);
  return Buffer.concat([letter('J'), uint32(value)]);
}

const none = letter('N');

/** As Python pickles an OrderedDict of tensors: what comes again is taken from the memo. */
function pickleStateDict(
  parameters: readonly Parameter[],
  keys: readonly string[],
  behindStorage: readonly Uint8Array[],
): Buffer {
  const memo = new Map<string, number>();
  let slots = 0;
  const put = () => {
    const slot = slots++;
    return slot < 256 ? Buffer.from([letter('q')[0] ?? 0, slot]) : Buffer.concat([letter('r'), uint32(slot)]);
  };
  const shared = (name: string, instructions: readonly Uint8Array[]): Uint8Array[] => {
    const slot = memo.get(name);
    if (slot !== undefined)
      return [slot < 256 ? Buffer.from([0x68, slot]) : Buffer.concat([letter('j'), uint32(slot)])];
    memo.set(name, slots);
    return [...instructions, put()];
  };
  const global = (module: string, name: string) => shared(name, [letter(`c${module}\n${name}\n`)]);
  const emptyDict = () => [...global('collections', 'OrderedDict'), letter(')R'), put()];
  const tensor = ({ shape, data }: Parameter, key: string) => [
    ...global('torch._utils', '_rebuild_tensor_v2'),
    letter('(('),
    ...shared('storage', text('storage')),
    ...global('torch', data instanceof Float32Array ? 'FloatStorage' : 'LongStorage'),
    ...text(key),
    put(),
    ...shared('cpu', text('cpu')),
    integer(data.length),
    ...behindStorage,
    letter('t'),
    put(),
    letter('Q'),
    integer(0),
    ...tuple(shape),
    ...tuple(rowMajor(shape)),
    letter('\x89'),
    ...emptyDict(),
    letter('t'),
    put(),
    letter('R'),
    put(),
  ];
  return pickled([
    ...emptyDict(),
    letter('('),
    ...parameters.flatMap((parameter, index) => [
      ...text(parameter.name),
      put(),
      ...tensor(parameter, keys[index] ?? ''),
    ]),
    letter('u}'),
    put(),
    ...text('_metadata'),
    put(),
    ...emptyDict(),
    letter('sb'),
  ]);
}

function tuple(values: readonly number[]): Buffer[] {
  return [letter('('), ...values.map(integer), letter('t')];
}

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
}

function bytesOf(data: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function header(signature: number, before: number[], longs: number[], after: number[]): Buffer {
  return Buffer.concat([
    uint32(signature),
    ...before.map(uint16),
    ...longs.map(uint32),
    ...after.map(uint16),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A count of elements in 8 bytes. */
export function count(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
