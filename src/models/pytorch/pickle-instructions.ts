import type { ByteCursor } from './byte-cursor.js';
import { quoted, weightsInvalid } from './weights-invalid.js';

/** Everything that the pickle of a state dict refers to by name. Names are only ever compared, never looked up. */
const globals = [
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch.FloatStorage',
  'torch.LongStorage',
] as const;
export type GlobalName = (typeof globals)[number];

type Operation =
  | { readonly op: 'push'; readonly value: null | boolean | number | string }
  | { readonly op: 'global'; readonly name: GlobalName }
  | { readonly op: 'put' | 'get'; readonly slot: number }
  | { readonly op: 'tuple'; readonly size: 0 | 1 | 2 | 3 | 'to-mark' }
  | { readonly op: 'append' | 'set-item'; readonly many: boolean }
  | { readonly op: 'mark' | 'list' | 'dict' | 'persistent-id' | 'reduce' | 'build' };

/** One step of a pickle, with the position of its opcode in the file. */
export type Instruction = Operation & { readonly at: number };

/** Several times those of any network that Sightline reads; each takes memory. */
const mostInstructions = 200_000;
const [protocolOpcode, protocol, stopOpcode] = [0x80, 2, 0x2e];

/**
 * What torch.save writes in pickle protocol 2 for a state dict, and nothing else.
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
 * Reads a pickle to its end, without building anything. The cursor stands behind it afterwards.
 *
 * @throws SightlineError WEIGHTS_INVALID at the first opcode or name that no state dict has
 */
export function decodePickle(cursor: ByteCursor): Instruction[] {
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
