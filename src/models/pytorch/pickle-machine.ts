import type { ByteCursor } from './byte-cursor.js';
import { decodePickle, type Instruction } from './pickle-instructions.js';
import {
  GlobalReference,
  StorageReference,
  TensorReference,
  type PickleDict,
  type PickleList,
  type PickleValue,
} from './pickle-values.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/**
 * Reads one pickle of a PyTorch file and builds what it describes. Python would call whatever a pickle names; here the
 * two calls that a state dict is made with are spelt out below, and there is no other.
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
  /** Position of the instruction in hand. */
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

  /** A state dict has one attribute, the versions of its modules, which say nothing about the weights. */
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
