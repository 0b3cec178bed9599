import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codesPerStep,
  createDotKernel,
} from '../../../../src/recognition/gallery/thread/candidate-search.js';
import { createSharedMemory } from '../../../../src/core/wasm-kernel.js';

const probeAt = 0;
const probeBytes = 16_384;
/** What must not be written to: after the last sum. */
const guard = 0x55;

const ints = (min: number, max: number, length: number) =>
  fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length });
/** A probe and some rows of any number of steps. */
const inputs = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 13 }))
  .chain(([steps, rows]) =>
    fc.record({
      probe: ints(-0x8000, 0x7fff, steps * codesPerStep),
      codes: ints(-0x80, 0x7f, rows * steps * codesPerStep),
      misalignment: fc.integer({ min: 0, max: 15 }),
    }),
  );

/** The sums in the plainest way; they wrap at 32 bits. */
function sumsOf(probe: readonly number[], codes: readonly number[]): number[] {
  return Array.from({ length: codes.length / probe.length }, (_, row) =>
    probe.reduce((sum, code, column) => (sum + code * codes[row * probe.length + column]!) | 0, 0),
  );
}

describe('the dot kernel', () => {
  const memory = createSharedMemory(2);
  const kernel = createDotKernel(memory);
  const bytes = new Uint8Array(memory.buffer);

  it('multiplies as the definition does, to the bit, for any number of rows and steps, anywhere in memory', () => {
    fc.assert(
      fc.property(inputs, ({ probe, codes, misalignment }) => {
        const rowsAt = probeAt + probeBytes + misalignment;
        const rowsEnd = rowsAt + codes.length;
        const outAt = probeBytes * 4;
        const expected = sumsOf(probe, codes);
        bytes.fill(guard);
        new Int16Array(memory.buffer, probeAt, probe.length).set(probe);
        new Int8Array(memory.buffer, rowsAt, codes.length).set(codes);
        kernel(probeAt, probeAt + 2 * probe.length, rowsAt, rowsEnd, outAt);
        expect([...new Int32Array(memory.buffer, outAt, expected.length)]).toEqual(expected);
        expect(bytes[outAt - 1]).toBe(guard);
        expect(bytes[outAt + 4 * expected.length]).toBe(guard);
      }),
    );
  });
});
