import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryAt, IntegralStrip } from '../../../../src/detection/haar/integral-strip.js';

const picture = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 3, max: 30 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((pixels) => ({ width, height, pixels })),
  );

describe('IntegralStrip', () => {
  it.each([1, 2] as const)('gives the sum over any rectangle, before and after sliding, step %i', (step) => {
    const rectangle = fc.tuple(...[0, 1, 2, 3].map(() => fc.nat()));
    fc.assert(
      fc.property(picture, rectangle, ({ width, height, pixels }, [a, b, c, d]) => {
        const layout = { stride: 14, step };
        const overlap = 2;
        const rowsAtATime = 3;
        const size = (rowsAtATime + overlap + 1) * layout.stride;
        const [sums, squares] = [new Int32Array(size).fill(7), new Int32Array(size).fill(7)];
        const strip = new IntegralStrip(sums, squares, overlap);
        strip.begin(width, layout);
        // Row `top` of the picture lies at the top of the strip.
        for (let top = 0, added = 0; added < height; top += rowsAtATime) {
          if (top > 0) strip.slide();
          for (; added < Math.min(top + rowsAtATime + overlap, height); added++)
            strip.add(pixels.subarray(added * width, (added + 1) * width));
          const rows = added - top;
          const [left, right] = [a! % (width + 1), b! % (width + 1)].sort((p, q) => p - q) as [
            number,
            number,
          ];
          const [upper, lower] = [c! % (rows + 1), d! % (rows + 1)].sort((p, q) => p - q) as [number, number];
          const corners = (entries: Int32Array): number =>
            entries[entryAt(layout, left, upper)]! -
            entries[entryAt(layout, right, upper)]! -
            entries[entryAt(layout, left, lower)]! +
            entries[entryAt(layout, right, lower)]!;
          const inside = [...pixels].filter((_, i) => {
            const [x, y] = [i % width, Math.floor(i / width) - top];
            return x >= left && x < right && y >= upper && y < lower;
          });
          expect(corners(sums)).toBe(inside.reduce((sum, value) => sum + value, 0));
          expect(corners(squares)).toBe(inside.reduce((sum, value) => sum + value * value, 0));
        }
      }),
    );
  });

  it('stays right when the sums of a large picture wrap', () => {
    const white = new Uint8Array(5000).fill(255);
    const layout = { stride: 5002, step: 1 as const };
    const [sums, squares] = [new Int32Array(5002 * 41), new Int32Array(5002 * 41)];
    const strip = new IntegralStrip(sums, squares, 0);
    strip.begin(5000, layout);
    for (let y = 0; y < 40; y++) strip.add(white);
    const corner = (x: number, y: number): number => squares[entryAt(layout, x, y)]!;
    expect(corner(5000, 40)).not.toBe(200_000 * 255 ** 2);
    expect((corner(4990, 30) - corner(5000, 30) - corner(4990, 40) + corner(5000, 40)) | 0).toBe(
      100 * 255 ** 2,
    );
  });
});
