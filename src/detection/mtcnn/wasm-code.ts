/**
 * Pieces of WebAssembly code as bytes, as many as the area kernel is made of. Each gives the bytes of its operands and
 * then its own.
 *
 * Source of the encoding: WebAssembly specification 2.0, chapter 5, "Binary Format".
 */
export type Code = readonly number[];

/** A load from a constant distance, in bytes below 2^7, to an address. */
type Load = (address: Code, distance?: number) => Code;

export const i32 = 0x7f;
export const v128 = 0x7b;
export const pageBytes = 65_536;
export const vectorBytes = 16;

const end = 0x0b;
const noResult = 0x40;

/** LEB128 */
const unsigned = (value: number): Code =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >> 7)];
const signed = (value: number): Code =>
  value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
const vector = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

const unary =
  (opcode: Code) =>
  (operand: Code): Code => [...operand, ...opcode];
const binary =
  (opcode: Code) =>
  (left: Code, right: Code): Code => [...left, ...right, ...opcode];
const load =
  (opcode: Code): Load =>
  (address, distance = 0) => [...address, ...opcode, 0, distance];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];

export const int32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  load: load([0x28]),
  add: binary([0x6a]),
  subtract: binary([0x6b]),
  below: binary([0x49]),
};

export const bits = {
  load: load(vector(0)),
  /** Four times the same 32 bits. */
  load32: load(vector(9)),
  store: (address: Code, value: Code, distance = 0): Code => [
    ...address,
    ...value,
    ...vector(11),
    0,
    distance,
  ],
  /** One of the four 32-bit lanes. */
  storeLane: (address: Code, value: Code, lane: number): Code => [
    ...address,
    ...value,
    ...vector(90),
    0,
    0,
    lane,
  ],
  zeros: [...vector(12), ...new Array<number>(vectorBytes).fill(0)],
};

/** Eight 16-bit numbers. */
export const shorts = {
  /** From the lower or upper eight of sixteen bytes. */
  fromLowBytes: unary(vector(137)),
  fromHighBytes: unary(vector(138)),
  add: binary(vector(142)),
};

/** Four 32-bit numbers. */
export const ints = {
  /** From four 16-bit numbers in memory. */
  loadShorts: load(vector(4)),
  add: binary(vector(174)),
  subtract: binary(vector(177)),
};

export const floats = {
  fromUnsignedInts: unary(vector(251)),
  constant: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), ...vector(19)],
  add: binary(vector(228)),
  multiply: binary(vector(230)),
};

/** local += step */
export const advance = (local: number, step: Code): Code => set(local, int32.add(get(local), step));

/** Runs `body`, and again for as long as `condition` holds. */
export const doWhile = (body: Code, condition: Code): Code => [
  ...[0x03, noResult],
  ...body,
  ...[...condition, 0x0d, 0],
  end,
];

/**
 * A module with a memory of one page at first and one function that gives nothing back, exported as `memory` and
 * `run`.
 * @param locals counts by type, numbered in this order after the parameters
 */
export function moduleOf(
  parameters: number,
  locals: readonly { readonly type: number; readonly count: number }[],
  body: Code,
): Uint8Array {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...Buffer.from(text)];
  const code = [locals.length, ...locals.flatMap(({ type, count }) => [count, type]), ...body, end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters, ...new Array<number>(parameters).fill(i32), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 1]),
    ...section(7, [2, ...name('memory'), 0x02, 0, ...name('run'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
