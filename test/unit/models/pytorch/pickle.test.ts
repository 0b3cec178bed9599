import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStateDict } from '../../../../src/models/pytorch/state-dict.js';
import { count, integer, legacy, letter, pickled, text, zip } from '../../../helpers/pytorch-file.js';

const rebuild = letter('ctorch._utils\n_rebuild_tensor_v2\n');
const floatStorage = letter('ctorch\nFloatStorage\n');
const numbers = Buffer.from(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

/** A storage of six floats under the key 0, as a persistent id. */
const storage = [
  letter('('),
  ...text('storage'),
  floatStorage,
  ...text('0'),
  ...text('cpu'),
  integer(6),
  letter('tQ'),
];

function tensor(offset: number, shape: number[], strides: number[]): Uint8Array[] {
  const tuple = (values: number[]) => [letter('('), ...values.map(signed), letter('t')];
  const layout = [signed(offset), ...tuple(shape), ...tuple(strides)];
  return [rebuild, letter('('), ...storage, ...layout, letter('\x89Nt'), letter('R')];
}

function signed(value: number): Buffer {
  const bytes = Buffer.alloc(5, 'J');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

/** A file of each format whose state dict holds what some instructions leave on the stack, under the name x. */
function files(...value: Uint8Array[]): [string, Buffer][] {
  return filesOf([letter('}'), ...text('x'), ...value, letter('s')]);
}

function filesOf(instructions: Uint8Array[]): [string, Buffer][] {
  const pickle = pickled(instructions);
  return [
    ['zip', zip({ 'data.pkl': pickle, 'data/0': numbers })],
    ['legacy', legacy(pickle, ['0'], [count(6), numbers])],
  ];
}

function expectRefusal(cases: [string, Buffer][], message: RegExp | string): void {
  for (const [format, file] of cases) {
    expect(() => readStateDict(file), format).toThrow(expect.objectContaining({ code: 'WEIGHTS_INVALID' }));
    expect(() => readStateDict(file), format).toThrow(message);
  }
}

describe('a pickle that would run something', () => {
  const trace = join(tmpdir(), `sightline-pickle-${process.pid}`);

  it.each([
    ['os.system', [letter('cos\nsystem\n('), ...text(`touch ${trace}`), letter('tR')]],
    ['posix.system', [letter('cposix\nsystem\n('), ...text(`touch ${trace}`), letter('tR')]],
    ['builtins.eval', [letter('cbuiltins\neval\n('), ...text('1'), letter('tR')]],
    ['torch.load', [letter('ctorch\nload\n('), ...text(trace), letter('tR')]],
    ['collections.OrderedDict.fromkeys', [letter('ccollections\nOrderedDict.fromkeys\n)R')]],
  ])('%s is refused by name, with its place', (name, instructions) => {
    expectRefusal(files(...instructions), new RegExp(`${name.replaceAll('.', '\\.')} at byte \\d+$`));
    expect(existsSync(trace)).toBe(false);
    rmSync(trace, { force: true });
  });

  it.each([
    ['INST', 'i', 'ios\nsystem\n'],
    ['OBJ', 'o', 'o'],
    ['NEWOBJ', '\x81', '\x81'],
    ['STACK_GLOBAL', '\x93', '\x93'],
    ['EXT1', '\x82', '\x82\x01'],
    ['PERSID', 'P', 'Pos\n'],
    ['LONG4', '\x8b', '\x8b\xff\xff\xff\x7f'],
    ['BINBYTES8', '\x8e', '\x8e\xff\xff\xff\xff\xff\xff\xff\x7f'],
    ['FRAME', '\x95', '\x95\0\0\0\0\0\0\0\0'],
    ['FLOAT', 'F', 'F1e400\n'],
    ['MEMOIZE', '\x94', '\x94'],
    ['POP', '0', '0'],
    ['DUP', '2', '2'],
  ])('the opcode %s is refused, with its place', (_, opcode, bytes) => {
    const hex = opcode.charCodeAt(0).toString(16);
    expectRefusal(
      files(letter(bytes)),
      new RegExp(`opcode of a state dict but received 0x${hex} at byte \\d+$`),
    );
  });

  it('is refused although nothing before it is wrong', () => {
    const instructions = [...tensor(0, [6], [1]), letter('s'), ...text('y'), letter('cos\nsystem\n)R')];
    expectRefusal(files(...instructions), 'received os.system at byte');
  });

  it('says nothing about the terminal that it is shown on', () => {
    expectRefusal(files(letter('c\x1b[2J\nx\n)R')), 'received ?[2J.x at byte');
  });

  it('cannot call what is allowed with other arguments', () => {
    const withArgument = [letter('ccollections\nOrderedDict\n'), integer(1), letter('\x85R')];
    expectRefusal(files(...withArgument), 'a call that makes a tensor or an empty OrderedDict');
    expectRefusal(files(floatStorage, letter(')R')), 'a call that makes a tensor or an empty OrderedDict');
    expectRefusal(files(rebuild, letter(')R')), 'a tensor with a storage');
    expectRefusal(files(letter('Nb')), '_metadata of a state dict');
    expectRefusal(
      files(letter('}'), letter('}'), ...text('__class__'), letter('Nsb')),
      '_metadata of a state dict',
    );
  });
});

describe('a tensor', () => {
  it('is read by its offset and strides', () => {
    for (const [, file] of files(...tensor(1, [2, 2], [1, 3]))) {
      expect(readStateDict(file).get('x')?.floats()).toEqual(Float32Array.of(1, 4, 2, 5));
    }
    for (const [, file] of files(...tensor(2, [2, 2], [2, 1]))) {
      expect(readStateDict(file).get('x')?.floats()).toEqual(Float32Array.of(2, 3, 4, 5));
    }
    for (const [, file] of files(...tensor(3, [], []))) {
      expect(readStateDict(file).get('x')?.floats()).toEqual(Float32Array.of(3));
    }
  });

  it.each([
    ['reaches past its storage', 0, [7], [1]],
    ['reaches past its storage by its offset', 1, [6], [1]],
    ['reaches past its storage by its strides', 0, [2, 3], [3, 2]],
    ['says one number again and again', 0, [2_000_000_000], [0]],
    ['has more numbers than can be counted', 0, Array<number>(8).fill(2 ** 31 - 1), Array<number>(8).fill(0)],
  ])('is refused when it %s', (_, offset, shape, strides) => {
    expectRefusal(files(...tensor(offset, shape, strides)), 'a tensor inside the 6 numbers of storage 0');
  });

  it.each([
    ['has a negative size', 0, [-1], [1]],
    ['has a negative stride', 5, [6], [-1]],
    ['has a negative offset', -1, [6], [1]],
    ['has nothing in it', 0, [0], [1]],
    ['has fewer strides than sizes', 0, [2, 3], [1]],
    ['has nine dimensions', 0, Array<number>(9).fill(1), Array<number>(9).fill(1)],
  ])('is refused when it %s', (_, offset, shape, strides) => {
    expectRefusal(files(...tensor(offset, shape, strides)), 'a storage, an offset, a shape and strides');
  });
});

describe('what is no state dict', () => {
  it.each([
    ['a number', [integer(1)], 'a state dict'],
    ['a list of tensors', [letter(']'), ...tensor(0, [6], [1]), letter('a')], 'a state dict'],
    ['an empty pickle', [], '1 values on the stack but received fewer'],
    ['two values', [letter('}}')], 'one value but received several'],
    ['an open mark', [letter('}(')], '1 values on the stack but received fewer'],
    ['a dict of numbers', [letter('}'), ...text('x'), integer(1), letter('s')], 'a tensor as x'],
    ['a dict with a number for a key', [letter('}NNs')], 'different texts as keys'],
    [
      'a name twice',
      [letter('}('), ...text('x'), letter('N'), ...text('x'), letter('Nu')],
      'different texts as keys but received "x" twice',
    ],
    ['half an item', [letter('}('), ...text('x'), letter('u')], 'a dict to fill'],
    ['items for a number', [integer(1), letter('(NNu')], 'a dict to fill'],
    ['an element for a number', [integer(1), letter('Na')], 'a list to append to'],
    ['what was never remembered', [letter('h\x07')], 'something under number 7 but received nothing'],
    ['a tuple without its mark', [letter('Nt')], 'a mark on the stack'],
    ['a value taken from before a mark', [letter('NN(\x86')], '2 values on the stack'],
    ['another kind of storage', [letter('('), ...text('module'), letter('tQ')], 'a storage of floats'],
  ])('%s is refused', (_, instructions, message) => {
    expectRefusal(filesOf(instructions), message);
  });

  it('an endless pickle is refused', () => {
    expectRefusal(filesOf([letter('N'.repeat(200_001))]), 'at most 200000 instructions');
  });

  it('an endless name is refused', () => {
    expectRefusal(files(letter(`c${'a'.repeat(5000)}\n`)), 'a short line at byte');
  });

  it('a pickle of another protocol is refused', () => {
    const pickle = Buffer.from('\x80\x04}.', 'latin1');
    expectRefusal(
      [['zip', zip({ 'data.pkl': pickle })]],
      'a pickle of protocol 2 at byte 64 but received the bytes 0x80 0x04',
    );
  });
});
