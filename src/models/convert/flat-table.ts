import { ByteBuffer } from 'flatbuffers';

/**
 * A table of a flatbuffer, read by the numbers that its schema gives to fields. A field that is left out of the file
 * reads as its default: zero, an empty text or list, no table.
 *
 * Format: https://flatbuffers.dev/internals/
 */
export class FlatTable {
  readonly #buffer: ByteBuffer;
  /** Where the table begins, in bytes from the start of the file. */
  readonly position: number;

  private constructor(buffer: ByteBuffer, position: number) {
    if (position + 4 > buffer.capacity()) throw new Error('expected a whole flatbuffer but it is cut off');
    this.#buffer = buffer;
    this.position = position;
  }

  /** The root table of a file that carries the given four-letter identifier. */
  static root(bytes: Uint8Array, identifier: string): FlatTable {
    const buffer = new ByteBuffer(bytes);
    if (bytes.length < 8 || !buffer.__has_identifier(identifier)) {
      throw new Error(`expected a flatbuffer marked ${identifier} but the file is none`);
    }
    return new FlatTable(buffer, buffer.readUint32(0));
  }

  uint8(field: number): number {
    const at = this.#at(field);
    return at ? this.#buffer.readUint8(at) : 0;
  }

  int32(field: number): number {
    const at = this.#at(field);
    return at ? this.#buffer.readInt32(at) : 0;
  }

  string(field: number): string {
    const bytes = this.bytes(field);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  table(field: number): FlatTable | null {
    const at = this.#at(field);
    return at ? new FlatTable(this.#buffer, this.#buffer.__indirect(at)) : null;
  }

  /** A list of tables. */
  tables(field: number): FlatTable[] {
    return this.#elements(field, 4, (at) => new FlatTable(this.#buffer, this.#buffer.__indirect(at)));
  }

  int32s(field: number): number[] {
    return this.#elements(field, 4, (at) => this.#buffer.readInt32(at));
  }

  /** A list of bytes, or the UTF-8 bytes of a text; shares memory with the file. */
  bytes(field: number): Uint8Array {
    const at = this.#at(field);
    if (!at) return new Uint8Array();
    const start = this.#buffer.__vector(at);
    return this.#buffer.bytes().subarray(start, start + this.#buffer.__vector_len(at));
  }

  #elements<T>(field: number, size: number, read: (at: number) => T): T[] {
    const at = this.#at(field);
    if (!at) return [];
    const start = this.#buffer.__vector(at);
    return Array.from({ length: this.#buffer.__vector_len(at) }, (_, index) => read(start + index * size));
  }

  /** Position of a field, or 0 when the table leaves it out. */
  #at(field: number): number {
    const offset = this.#buffer.__offset(this.position, 4 + 2 * field);
    return offset ? this.position + offset : 0;
  }
}
