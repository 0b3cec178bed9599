import { expect } from 'vitest';

/**
 * Lets `toEqual` compare typed arrays by their bytes. Element by element, as it does otherwise, a picture takes seconds.
 * Where bytes differ, it goes on as ever, so that what is equal and what a failure says stays the same.
 */
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (isTypedArray(a) && isTypedArray(b) && areSame(a, b) ? true : undefined),
]);

function isTypedArray(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
