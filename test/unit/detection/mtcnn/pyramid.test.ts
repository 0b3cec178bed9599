import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutIntoBlocks,
  cutIntoStrips,
  joinBlocks,
  pyramidLevels,
} from '../../../../src/detection/mtcnn/pyramid.js';

describe('pyramidLevels', () => {
  it('begin where the smallest face is 12 pixels and end where the picture is no smaller than that', () => {
    const levels = pyramidLevels(1920, 1080, 40);
    expect(levels).toHaveLength(10);
    expect(levels[0]).toEqual({ scale: 0.3, width: 577, height: 325 });
    const smallest = levels.at(-1)?.scale ?? NaN;
    expect(smallest * 1080).toBeGreaterThanOrEqual(12);
    expect(smallest * 0.709 * 1080).toBeLessThan(12);
  });

  it('are none for a picture smaller than the smallest face', () => {
    expect(pyramidLevels(30, 500, 40)).toEqual([]);
  });
});

describe('cutIntoStrips', () => {
  it('puts each window of 12 × 12 pixels, 2 apart, into exactly one strip', () => {
    const size = fc.integer({ min: 12, max: 4000 });
    fc.assert(
      fc.property(size, size, (width, height) => {
        const strips = cutIntoStrips({ scale: 1, width, height });
        const windows = strips.flatMap(({ firstRow, rowCount }) =>
          Array.from({ length: Math.floor((rowCount - 12) / 2) + 1 }, (_, index) => firstRow + 2 * index),
        );
        const all = Array.from({ length: Math.floor((height - 12) / 2) + 1 }, (_, index) => 2 * index);
        expect(windows).toEqual(all);
        for (const { firstRow, rowCount } of strips) expect(firstRow + rowCount).toBeLessThanOrEqual(height);
      }),
    );
  });
});

describe('cutIntoBlocks', () => {
  it('puts each window of a strip into exactly one block', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 4000 }), (columnCount) => {
        const level = { scale: 1, width: columnCount, height: 58 };
        const strip = { level, firstRow: 0, rowCount: 58, firstColumn: 0, columnCount };
        const windows = cutIntoBlocks(strip).flatMap((block) =>
          Array.from(
            { length: Math.floor((block.columnCount - 12) / 2) + 1 },
            (_, index) => block.firstColumn + 2 * index,
          ),
        );
        expect(windows).toEqual(
          Array.from({ length: Math.floor((columnCount - 12) / 2) + 1 }, (_, index) => 2 * index),
        );
      }),
    );
  });
});

describe('joinBlocks', () => {
  const strips = pyramidLevels(1920, 1080, 40).flatMap(cutIntoStrips);

  it('makes the strips again from all of their blocks, in any order', () => {
    expect(joinBlocks(strips.flatMap(cutIntoBlocks).toReversed())).toEqual(strips);
  });

  it('joins neighbours only', () => {
    const blocks = cutIntoBlocks(strips[0]!);
    const [first, second, third, fourth] = blocks;
    expect(joinBlocks([first!, second!, fourth!])).toEqual([
      { ...first, columnCount: third!.firstColumn + 10 },
      fourth,
    ]);
  });
});
