import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A memory that grows by pages of 65,536 bytes. */
export interface WasmMemory<Buffer extends ArrayBufferLike = ArrayBuffer> {
  readonly buffer: Buffer;
  grow(pages: number): number;
}

/** A memory that worker threads can be given without copying it. It grows in place. */
export type SharedWasmMemory = WasmMemory<SharedArrayBuffer>;

/** The part of the global that is used; the type library of Node 20 leaves it to browsers. */
interface WebAssemblyApi {
  readonly Memory: {
    new (size: { initial: number; maximum: number; shared: true }): SharedWasmMemory;
    readonly prototype: { grow: (this: WasmMemory<ArrayBufferLike>, pages: number) => number };
  };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

export const pageBytes = 65_536;
export const vectorBytes = 16;
/** 4 GiB, as much as 32-bit addresses reach; taken from the system only as it is written to. */
const maxPages = 65_536;

const { resolve } = createRequire(import.meta.url);
const modules = new Map<string, object>();

/**
 * Makes an instance of a kernel, one of the files kernels/*.wasm (docs/adr/0008-kernels-in-assemblyscript.md). It has a
 * memory of its own, one page at first, unless it was built to work on a shared one that is given to it.
 *
 * A kernel is a part of the program, so it is loaded the way a module is: its file is read and compiled at the first use
 * in each thread, at once, which takes well under a millisecond. The name `#kernels/…` is one of the "imports" of
 * package.json: Node finds the file from src/, from dist/ and in worker threads alike, however deep this module lies.
 * @returns what the kernel exports; the caller knows its type
 */
export function createKernel(name: string, memory?: SharedWasmMemory): object {
  let compiled = modules.get(name);
  if (compiled === undefined) {
    compiled = new WebAssembly.Module(readFileSync(resolve(`#kernels/${name}.wasm`)));
    modules.set(name, compiled);
  }
  return new WebAssembly.Instance(compiled, memory === undefined ? {} : { env: { memory } }).exports;
}

export function createSharedMemory(pages: number): SharedWasmMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: maxPages, shared: true });
}

const growFreely = WebAssembly.Memory.prototype.grow;

/**
 * Keeps every memory of this thread below a size from now on: growing beyond it fails, as when the system has none left.
 * For threads that run somebody else's code on a stranger's data.
 */
export function limitWasmMemory(mostBytes: number): void {
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * pageBytes > mostBytes)
      throw new RangeError(`Expected at most ${mostBytes} bytes of WebAssembly memory.`);
    return growFreely.call(this, pages);
  };
}
