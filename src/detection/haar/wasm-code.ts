/**
 * Pieces of WebAssembly code as bytes, as many as the cascade's kernel is made of. Each gives the bytes of its operands
 * and then its own.
 *
 * Source of the encoding: WebAssembly specification 2.0, chapter 5, "Binary Format".
 */
export type Code = readonly number[];

/** A load or store at a constant distance, in bytes below 2^14, from an address. */
type Access = (address: Code, distance: number) => Code;

export const i32 = 0x7f;
export const v128 = 0x7b;

const end = 0x0b;
const noResult = 0x40;
const vectorPrefix = 0xfd;

/** A number below 2^14 as unsigned LEB128. */
const unsigned = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const vector = (opcode: number): Code => [vectorPrefix, ...unsigned(opcode)];
const float64 = (value: number): Code => [...new Uint8Array(Float64Array.of(value).buffer)];

const unary =
  (opcode: Code) =>
  (operand: Code): Code => [...operand, ...opcode];
const binary =
  (opcode: Code) =>
  (left: Code, right: Code): Code => [...left, ...right, ...opcode];
const access =
  (opcode: Code): Access =>
  (address, distance) => [...address, ...opcode, 0, ...unsigned(distance)];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];

/** Depth 0 is the innermost block or loop; a branch to a loop begins it again. */
export const branch = (depth: number, condition: Code): Code => [...condition, 0x0d, depth];
export const block = (...body: Code[]): Code => [0x02, noResult, ...body.flat(), end];
export const loop = (...body: Code[]): Code => [0x03, noResult, ...body.flat(), end];
export const when = (condition: Code, ...body: Code[]): Code => [
  ...condition,
  ...[0x04, noResult, ...body.flat(), end],
];

/** A whole number from −2^13 to 2^13 − 1, as signed LEB128 of two bytes. */
export const int = (value: number): Code => [0x41, (value & 0x7f) | 0x80, (value >> 7) & 0x7f];
export const int32 = {
  load: access([0x28]),
  add: binary([0x6a]),
  or: binary([0x72]),
  equal: binary([0x46]),
  below: binary([0x49]),
  isZero: unary([0x45]),
};

export const bits = {
  load: access(vector(0)),
  store: (address: Code, value: Code): Code => [...address, ...value, ...vector(11), 0, 0],
  /** Four times the same 32 bits, twice the same 64. */
  load32: access(vector(9)),
  load64: access(vector(10)),
  and: binary(vector(78)),
  /** Left, but not right. */
  andNot: binary(vector(79)),
  or: binary(vector(80)),
  any: unary(vector(83)),
  /** Sixteen bytes picked from 32, of which the second operand's are 16 to 31. */
  pick: (left: Code, right: Code, bytes: readonly number[]): Code => [
    ...left,
    ...right,
    ...vector(13),
    ...bytes,
  ],
};

export const ints = {
  splat: unary(vector(17)),
  add: binary(vector(174)),
  subtract: binary(vector(177)),
  multiply: binary(vector(181)),
  /** The lower or upper two as 64-bit numbers. */
  widenLow: unary(vector(199)),
  widenHigh: unary(vector(200)),
};

export const floats = {
  fromInts: unary(vector(250)),
  multiply: binary(vector(230)),
  less: binary(vector(67)),
  /** Two doubles, rounded; the upper two floats are 0. */
  fromDoubles: unary(vector(94)),
};

export const doubles = {
  constant: (value: number): Code => [0x44, ...float64(value), ...vector(20)],
  /** Of the lower two. */
  fromInts: unary(vector(254)),
  fromUnsignedInts: unary(vector(255)),
  fromFloats: unary(vector(95)),
  squareRoot: unary(vector(239)),
  add: binary(vector(240)),
  subtract: binary(vector(241)),
  multiply: binary(vector(242)),
  divide: binary(vector(243)),
  less: binary(vector(73)),
  atLeast: binary(vector(76)),
};

/**
 * A module with a memory of one page at first and one function, exported as `memory` and `run`. The function takes and
 * gives back `i32`.
 */
export function moduleOf(
  parameters: number,
  locals: readonly { type: number; count: number }[],
  body: Code,
): Uint8Array {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...Buffer.from(text)];
  const code = [locals.length, ...locals.flatMap(({ type, count }) => [count, type]), ...body, end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters, ...new Array<number>(parameters).fill(i32), 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 1]),
    ...section(7, [2, ...name('memory'), 0x02, 0, ...name('run'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
