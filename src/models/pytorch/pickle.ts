import { quoted, weightsInvalid, type ByteCursor } from './byte-cursor.js';
import {
  GlobalReference,
  globals,
  StorageReference,
  TensorReference,
  type GlobalName,
  type PickleDict,
  type PickleList,
  type PickleValue,
} from './tensors.js';

/**
 * Reads one pickle of a PyTorch file and builds the value that it describes. Python would call any function that a
 * pickle names; this reader implements only the two calls that a state dict needs, and rejects every other.
 *
 * @throws SightlineError WEIGHTS_INVALID
 */
export function readPickle(cursor: ByteCursor): PickleValue {
  const instructions = decodePickle(cursor);
  const machine = new PickleMachine(cursor.position);
  for (const instruction of instructions) machine.step(instruction);
  return machine.result();
}

class PickleMachine {
  readonly #stack: PickleValue[] = [];
  /** How deep the stack was at each open mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  /** Position of the current instruction in the file. */
  #at = 0;
  readonly #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  step(instruction: Instruction): void {
    this.#at = instruction.at;
    switch (instruction.op) {
      case 'push':
        return this.#push(instruction.value);
      case 'global':
        return this.#push(new GlobalReference(instruction.name));
      case 'put':
        return void this.#memo.set(instruction.slot, this.#top());
      case 'get':
        return this.#push(this.#remembered(instruction.slot));
      case 'mark':
        return void this.#marks.push(this.#stack.length);
      case 'tuple':
        return this.#push(
          instruction.size === 'to-mark' ? this.#popToMark() : this.#popMany(instruction.size),
        );
      case 'list':
        return this.#push([]);
      case 'append':
        return this.#append(instruction.many ? this.#popToMark() : this.#popMany(1));
      case 'dict':
        return this.#push(new Map());
      case 'set-item':
        return this.#setItems(instruction.many ? this.#popToMark() : this.#popMany(2));
      case 'persistent-id':
        return this.#push(new StorageReference(this.#pop(), this.#at));
      case 'reduce':
        return this.#reduce();
      case 'build':
        return this.#build();
    }
  }

  result(): PickleValue {
    this.#at = this.#end;
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) throw this.#refuse('one value', 'several');
    return value;
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    const name = callee instanceof GlobalReference ? callee.name : null;
    if (name === 'torch._utils._rebuild_tensor_v2') return this.#push(new TensorReference(args, this.#at));
    if (name === 'collections.OrderedDict' && Array.isArray(args) && args.length === 0) {
      return this.#push(new Map());
    }
    throw this.#refuse('a call that makes a tensor or an empty OrderedDict', 'another');
  }

  /** A state dict's only attribute is the versions of its modules, which do not affect the weights. */
  #build(): void {
    const state = this.#pop();
    const onlyMetadata = state instanceof Map && state.size === 1 && state.has('_metadata');
    if (!onlyMetadata || !(this.#top() instanceof Map))
      throw this.#refuse('_metadata of a state dict', 'another');
  }

  #append(items: PickleList): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#refuse('a list to append to', 'something else');
    for (const item of items) list.push(item);
  }

  #setItems(items: PickleList): void {
    const dict: PickleValue | PickleDict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw this.#refuse('a dict to fill', 'something else');
    for (let index = 0; index < items.length; index += 2) {
      const [key, value = null] = items.slice(index, index + 2);
      if (typeof key !== 'string' || dict.has(key)) {
        throw this.#refuse(
          'different texts as keys',
          typeof key === 'string' ? `"${quoted(key)}" twice` : typeof key,
        );
      }
      dict.set(key, value);
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const [value = null] = this.#popMany(1);
    return value;
  }

  #top(): PickleValue {
    const value = this.#pop();
    this.#push(value);
    return value;
  }

  #popMany(count: number): PickleList {
    const start = this.#stack.length - count;
    if (start < (this.#marks.at(-1) ?? 0)) throw this.#refuse(`${count} values on the stack`, 'fewer');
    return this.#stack.splice(start);
  }

  #popToMark(): PickleList {
    const start = this.#marks.pop();
    if (start === undefined) throw this.#refuse('a mark on the stack', 'none');
    return this.#stack.splice(start);
  }

  #remembered(slot: number): PickleValue {
    const value = this.#memo.get(slot);
    if (value === undefined) throw this.#refuse(`something under number ${slot}`, 'nothing');
    return value;
  }

  #refuse(expected: string, received: string): Error {
    return weightsInvalid(expected, `${received} at byte ${this.#at}`);
  }
}

type Operation =
  | { readonly op: 'push'; readonly value: null | boolean | number | string }
  | { readonly op: 'global'; readonly name: GlobalName }
  | { readonly op: 'put' | 'get'; readonly slot: number }
  | { readonly op: 'tuple'; readonly size: 0 | 1 | 2 | 3 | 'to-mark' }
  | { readonly op: 'append' | 'set-item'; readonly many: boolean }
  | { readonly op: 'mark' | 'list' | 'dict' | 'persistent-id' | 'reduce' | 'build' };

/** One step of a pickle, with the position of its opcode in the file. */
type Instruction = Operation & { readonly at: number };

/** Each instruction takes memory; this is several times the count in any network that Sightline reads. */
const mostInstructions = 200_000;
const [protocolOpcode, protocol, stopOpcode] = [0x80, 2, 0x2e];

/**
 * The instructions that torch.save writes in pickle protocol 2 for a state dict, and no others.
 * Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
const operations: Record<string, (cursor: ByteCursor) => Operation> = {
  N: () => ({ op: 'push', value: null }),
  '\x88': () => ({ op: 'push', value: true }),
  '\x89': () => ({ op: 'push', value: false }),
  K: (cursor) => ({ op: 'push', value: cursor.uint8() }),
  M: (cursor) => ({ op: 'push', value: cursor.uint16() }),
  J: (cursor) => ({ op: 'push', value: cursor.int32() }),
  X: (cursor) => ({ op: 'push', value: cursor.text(cursor.uint32()) }),
  c: (cursor) => ({ op: 'global', name: globalName(cursor) }),
  q: (cursor) => ({ op: 'put', slot: cursor.uint8() }),
  r: (cursor) => ({ op: 'put', slot: cursor.uint32() }),
  h: (cursor) => ({ op: 'get', slot: cursor.uint8() }),
  j: (cursor) => ({ op: 'get', slot: cursor.uint32() }),
  '(': () => ({ op: 'mark' }),
  ')': () => ({ op: 'tuple', size: 0 }),
  '\x85': () => ({ op: 'tuple', size: 1 }),
  '\x86': () => ({ op: 'tuple', size: 2 }),
  '\x87': () => ({ op: 'tuple', size: 3 }),
  t: () => ({ op: 'tuple', size: 'to-mark' }),
  ']': () => ({ op: 'list' }),
  a: () => ({ op: 'append', many: false }),
  e: () => ({ op: 'append', many: true }),
  '}': () => ({ op: 'dict' }),
  s: () => ({ op: 'set-item', many: false }),
  u: () => ({ op: 'set-item', many: true }),
  Q: () => ({ op: 'persistent-id' }),
  R: () => ({ op: 'reduce' }),
  b: () => ({ op: 'build' }),
};
const decoders = new Map(
  Object.entries(operations).map(([letter, decode]) => [letter.charCodeAt(0), decode]),
);

/**
 * Decodes a pickle to its end without building anything, and leaves the cursor behind it.
 *
 * @throws SightlineError WEIGHTS_INVALID at the first opcode or name that no state dict has
 */
function decodePickle(cursor: ByteCursor): Instruction[] {
  requireHeader(cursor);
  const instructions: Instruction[] = [];
  for (;;) {
    const at = cursor.position;
    const opcode = cursor.uint8();
    if (opcode === stopOpcode) return instructions;
    const decode = decoders.get(opcode);
    if (!decode) throw weightsInvalid('an opcode of a state dict', `${hex(opcode)} at byte ${at}`);
    if (instructions.length === mostInstructions) {
      throw weightsInvalid(`at most ${mostInstructions} instructions`, `more at byte ${at}`);
    }
    instructions.push({ ...decode(cursor), at });
  }
}

function requireHeader(cursor: ByteCursor): void {
  const at = cursor.position;
  const [opcode, version] = [cursor.uint8(), cursor.uint8()];
  if (opcode === protocolOpcode && version === protocol) return;
  throw weightsInvalid(
    `a pickle of protocol ${protocol} at byte ${at}`,
    `the bytes ${hex(opcode)} ${hex(version)}`,
  );
}

function globalName(cursor: ByteCursor): GlobalName {
  const at = cursor.position - 1;
  const received = `${cursor.line()}.${cursor.line()}`;
  const name = globals.find((known) => known === received);
  if (!name) throw weightsInvalid(`one of ${globals.join(', ')}`, `${quoted(received)} at byte ${at}`);
  return name;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
