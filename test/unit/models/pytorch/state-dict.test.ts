import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SightlineError } from '../../../../src/core/errors.js';
import { readStateDict } from '../../../../src/models/pytorch/state-dict.js';
import { writeLegacyFormat, writeZipFormat, zip, type Parameter } from '../../../helpers/pytorch-file.js';

const parameters: Parameter[] = [
  { name: 'conv.weight', shape: [2, 3, 1, 2], data: Float32Array.from({ length: 12 }, (_, i) => i - 5.5) },
  { name: 'bn.running_var', shape: [300], data: new Float32Array(300).fill(0.25) },
  { name: 'bn.num_batches_tracked', shape: [], data: BigInt64Array.of(12_345n) },
];
const formats = [
  ['zip', writeZipFormat(parameters)],
  ['legacy', writeLegacyFormat(parameters)],
] as const;
/** How much of a file tells its format. */
const magicLength = { zip: 4, legacy: 15 };

/** Expects WEIGHTS_INVALID with a part of the message. */
function invalid(message: string): unknown {
  return expect.objectContaining({
    code: 'WEIGHTS_INVALID',
    message: expect.stringContaining(message) as string,
  });
}

describe.each(formats)('a state dict in the %s format', (format, file) => {
  it('gives every tensor as it was written', () => {
    const dict = readStateDict(file);
    expect([...dict].map(([name, { shape, elementType }]) => [name, shape, elementType])).toEqual([
      ['conv.weight', [2, 3, 1, 2], 'float32'],
      ['bn.running_var', [300], 'float32'],
      ['bn.num_batches_tracked', [], 'int64'],
    ]);
    expect(dict.get('conv.weight')?.floats()).toEqual(parameters[0]?.data);
    expect(dict.get('bn.running_var')?.floats()).toEqual(parameters[1]?.data);
  });

  it('is read from any place in memory', () => {
    const around = new Uint8Array(file.length + 3);
    around.set(file, 3);
    expect(readStateDict(around.subarray(3)).get('conv.weight')?.floats()).toEqual(parameters[0]?.data);
  });

  it('is refused when it is cut short, wherever that is', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => readStateDict(file.subarray(0, length)), `${length} bytes`).toThrow(
        invalid(length < magicLength[format] ? 'a weight file of PyTorch' : 'cut short at byte'),
      );
    }
  });

  it('is read or refused, and nothing else, whatever bytes are changed', () => {
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Buffer.from(file);
        for (const [position, byte] of changes) damaged[position] = byte;
        try {
          for (const tensor of readStateDict(damaged).values()) {
            const size = tensor.shape.reduce((product, length) => product * length, 1);
            expect(size).toBeLessThanOrEqual(300);
            if (tensor.elementType === 'float32') expect(tensor.floats()).toHaveLength(size);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SightlineError);
          expect(error).toMatchObject({ code: 'WEIGHTS_INVALID' });
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

describe('what is no weight file', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'a weight file of PyTorch but received an empty file'],
    ['a web page', Buffer.from('<!doctype html>'), 'a file that begins with the bytes 3c21646f63747970'],
    ['another archive', zip({ 'readme.txt': Buffer.from('hello') }), 'one data.pkl but received none'],
    ['an empty archive', zip({}), 'a weight file of PyTorch'],
  ])('%s is refused', (_, file, message) => {
    expect(() => readStateDict(file)).toThrow(invalid(message));
  });
});

describe('a zip archive', () => {
  const file = writeZipFormat(parameters);
  /** The archive with some bytes of the directory's row for data.pkl changed. */
  const withRow = (offset: number, ...bytes: number[]) => {
    const changed = Buffer.from(file);
    changed.set(bytes, file.indexOf('PK\x01\x02', 'latin1') + offset);
    return changed;
  };
  const withoutEntry = (start: string) => {
    const changed = Buffer.from(file);
    for (let at = changed.indexOf(start); at >= 0; at = changed.indexOf(start)) changed.set([0x78], at);
    return changed;
  };
  const bigEndian = { 'data.pkl': Buffer.from('\x80\x02}.', 'latin1'), byteorder: Buffer.from('big') };

  it.each([
    ['with a compressed entry', withRow(10, 8, 0), 'archive/data.pkl stored as it is'],
    ['with an encrypted entry', withRow(8, 1, 0), 'archive/data.pkl stored as it is'],
    ['with another checksum', withRow(16, 1, 2, 3, 4), 'bytes with another checksum'],
    ['with an entry outside the file', withRow(42, 255, 255, 255, 127), 'more bytes from byte'],
    ['with an entry longer than the file', withRow(20, 0, 0, 0, 1, 0, 0, 0, 1), 'to end before byte'],
    ['without a storage', withoutEntry('archive/data/0'), 'an entry data/0 but received none'],
    ['of a big-endian machine', zip(bigEndian), 'numbers in little-endian order'],
  ])('%s is refused', (_, changed, message) => {
    expect(() => readStateDict(changed)).toThrow(invalid(message));
  });
});

describe('a zip archive whose entries share bytes', () => {
  it('is refused before all are read', () => {
    const file = zip({ '0': Buffer.alloc(5_000, 'x') });
    const [start, end] = [file.indexOf('PK\x01\x02', 'latin1'), file.indexOf('PK\x05\x06', 'latin1')];
    const rows = Array.from({ length: 9 }, (_, index) => {
      const row = Buffer.from(file.subarray(start, end));
      row.write(`${index}`, row.length - 1);
      return row;
    });
    const tail = Buffer.from(file.subarray(end));
    tail.writeUInt16LE(rows.length, 10);
    const archive = Buffer.concat([file.subarray(0, start), ...rows, tail]);
    expect(() => readStateDict(archive)).toThrow(invalid('overlapping ones'));
  });
});

describe('a file of the legacy format', () => {
  const file = writeLegacyFormat(parameters);
  const changed = (from: Buffer, to: Buffer) => {
    const at = file.indexOf(from);
    expect(at).toBeGreaterThan(0);
    return Buffer.concat([file.subarray(0, at), to, file.subarray(at + from.length)]);
  };

  it.each([
    ['with bytes behind its end', Buffer.concat([file, Buffer.alloc(1)]), 'the file to end at byte'],
    [
      'of another protocol',
      changed(Buffer.from('M\xe9\x03', 'latin1'), Buffer.from('M\xea\x03', 'latin1')),
      'protocol 1001',
    ],
    [
      'of a big-endian machine',
      changed(Buffer.from('little_endian\x88', 'latin1'), Buffer.from('little_endian\x89', 'latin1')),
      'little-endian order',
    ],
    [
      'with another count before a storage',
      changed(Buffer.from('0c00000000000000', 'hex'), Buffer.from('0b00000000000000', 'hex')),
      '12 numbers in storage',
    ],
  ])('%s is refused', (_, broken, message) => {
    expect(() => readStateDict(broken)).toThrow(invalid(message));
  });
});
