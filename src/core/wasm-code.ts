/**
 * Pieces of WebAssembly code as bytes, as many as the kernels of this program are made of. Each gives the bytes of its
 * operands and then its own. Why this exists: docs/adr/0005.
 *
 * Source of the encoding: WebAssembly specification 2.0, chapter 5, "Binary Format".
 */
export type Code = readonly number[];

/** A load at a constant distance in bytes from an address. */
type Load = (address: Code, distance?: number) => Code;

/** Types of values. */
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
const bytesOf = (numbers: Float32Array | Float64Array): Code => [...new Uint8Array(numbers.buffer)];
const vector = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

const unary =
  (opcode: Code) =>
  (operand: Code): Code => [...operand, ...opcode];
const binary =
  (opcode: Code) =>
  (left: Code, right: Code): Code => [...left, ...right, ...opcode];
const load =
  (opcode: Code): Load =>
  (address, distance = 0) => [...address, ...opcode, 0, ...unsigned(distance)];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];
/** local += step */
export const advance = (local: number, step: Code): Code => set(local, int32.add(get(local), step));

/** Depth 0 is the innermost block or loop; a branch to a loop begins it again. */
export const branch = (depth: number, condition: Code): Code => [...condition, 0x0d, depth];
export const block = (...body: Code[]): Code => [0x02, noResult, ...body.flat(), end];
export const loop = (...body: Code[]): Code => [0x03, noResult, ...body.flat(), end];
/** Runs `body`, and again for as long as `condition` holds. */
export const doWhile = (body: Code, condition: Code): Code => loop(body, branch(0, condition));
export const when = (condition: Code, ...body: Code[]): Code => [
  ...condition,
  ...[0x04, noResult, ...body.flat(), end],
];

/** One 32-bit number. */
export const int32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  load: load([0x28]),
  store: (address: Code, value: Code): Code => [...address, ...value, 0x36, 0, 0],
  add: binary([0x6a]),
  subtract: binary([0x6b]),
  or: binary([0x72]),
  equal: binary([0x46]),
  below: binary([0x49]),
  isZero: unary([0x45]),
};

/** Sixteen bytes, whatever they mean. */
export const bits = {
  zeros: [...vector(12), ...new Array<number>(vectorBytes).fill(0)],
  load: load(vector(0)),
  /** Four times the same 32 bits, twice the same 64. */
  load32: load(vector(9)),
  load64: load(vector(10)),
  store: (address: Code, value: Code, distance = 0): Code => [
    ...address,
    ...value,
    ...vector(11),
    0,
    ...unsigned(distance),
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

/** Eight 16-bit numbers. */
export const shorts = {
  /** From the lower or upper eight of sixteen bytes. */
  fromLowBytes: unary(vector(137)),
  fromHighBytes: unary(vector(138)),
  fromLowSignedBytes: unary(vector(135)),
  fromHighSignedBytes: unary(vector(136)),
  add: binary(vector(142)),
};

/** Four 32-bit numbers. */
export const ints = {
  /** From four 16-bit numbers in memory. */
  loadShorts: load(vector(4)),
  splat: unary(vector(17)),
  add: binary(vector(174)),
  subtract: binary(vector(177)),
  multiply: binary(vector(181)),
  /** Products of 16-bit numbers, each lane the sum of two. */
  dotShorts: binary(vector(186)),
  lane: (operand: Code, lane: number): Code => [...operand, ...vector(27), lane],
  /** The lower or upper two as 64-bit numbers. */
  widenLow: unary(vector(199)),
  widenHigh: unary(vector(200)),
};

/** Four floats in single precision. */
export const floats = {
  constant: (value: number): Code => [0x43, ...bytesOf(Float32Array.of(value)), ...vector(19)],
  fromInts: unary(vector(250)),
  fromUnsignedInts: unary(vector(251)),
  /** Two doubles, rounded; the upper two floats are 0. */
  fromDoubles: unary(vector(94)),
  add: binary(vector(228)),
  multiply: binary(vector(230)),
  less: binary(vector(67)),
};

/** Two floats in double precision. */
export const doubles = {
  constant: (value: number): Code => [0x44, ...bytesOf(Float64Array.of(value)), ...vector(20)],
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

/** A memory that grows by pages of 65,536 bytes. */
export interface WasmMemory<Buffer extends ArrayBufferLike = ArrayBuffer> {
  readonly buffer: Buffer;
  grow(pages: number): number;
}

/** A memory that worker threads can be given without copying it. It grows in place. */
export type SharedWasmMemory = WasmMemory<SharedArrayBuffer>;

/** One function on a memory; its parameters, and its result if it has one, are 32-bit numbers. */
export interface WasmFunction {
  readonly parameters: number;
  /** Counts by type, numbered in this order after the parameters. */
  readonly locals: readonly { readonly type: number; readonly count: number }[];
  readonly result: boolean;
  readonly body: Code;
}

/** The part of the global that is used; the type library of Node 20 leaves it to browsers. */
interface WebAssemblyApi {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedWasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: object };
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
/** 4 GiB, as much as 32-bit addresses reach; taken from the system only as it is written to. */
const maxPages = 65_536;

/**
 * Compiles a function at once.
 * @returns makes instances, each with a memory of its own, one page at first
 */
export function compile<Run>(code: WasmFunction): () => { readonly memory: WasmMemory; readonly run: Run } {
  const compiled = new WebAssembly.Module(moduleOf(code, 'own'));
  return () =>
    new WebAssembly.Instance(compiled).exports as { readonly memory: WasmMemory; readonly run: Run };
}

/**
 * Compiles a function at once that works on a memory given to it.
 * @returns makes instances
 */
export function compileShared<Run>(code: WasmFunction): (memory: SharedWasmMemory) => Run {
  const compiled = new WebAssembly.Module(moduleOf(code, 'shared'));
  return (memory) => (new WebAssembly.Instance(compiled, { shared: { memory } }).exports as { run: Run }).run;
}

export function createSharedMemory(pages: number): SharedWasmMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: maxPages, shared: true });
}

function moduleOf({ parameters, locals, result, body }: WasmFunction, memory: 'own' | 'shared'): Uint8Array {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...Buffer.from(text)];
  const code = [locals.length, ...locals.flatMap(({ type, count }) => [count, type]), ...body, end];
  const results = result ? [1, i32] : [0];
  const exportedMemory = [...name('memory'), 0x02, 0];
  const exportedRun = [...name('run'), 0x00, 0];
  const importedMemory = [...name('shared'), ...name('memory'), 0x02, 0x03, 1, ...unsigned(maxPages)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters, ...new Array<number>(parameters).fill(i32), ...results]),
    ...(memory === 'shared' ? section(2, [1, ...importedMemory]) : []),
    ...section(3, [1, 0]),
    ...(memory === 'own' ? section(5, [1, 0x00, 1]) : []),
    ...section(7, memory === 'own' ? [2, ...exportedMemory, ...exportedRun] : [1, ...exportedRun]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
