import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../../src/core/geometry.js';
import { groupWindows, roundHalfToEven } from '../../../../src/detection/haar/group.js';

const square = (x: number, y: number, side: number): Box => ({ x, y, width: side, height: side });
const times = (count: number, box: Box): Box[] => Array.from({ length: count }, () => box);

describe('groupWindows', () => {
  it('needs more windows than `minNeighbors`', () => {
    expect(groupWindows(times(5, square(10, 20, 40)), 5)).toEqual([]);
    expect(groupWindows(times(6, square(10, 20, 40)), 5)).toEqual([{ box: square(10, 20, 40), size: 6 }]);
  });

  it('joins windows through others in between, up to a fifth of their size apart', () => {
    // 0 and 16 lie 0.4 sides apart, but 8 lies 0.2 from both; 25 lies 0.225 from 16.
    const windows = [16, 0, 8, 25].map((x) => square(x, 0, 40));
    const groups = groupWindows(windows, 0).sort((a, b) => a.box.x - b.box.x);
    expect(groups).toEqual([
      { box: square(8, 0, 40), size: 3 },
      { box: square(25, 0, 40), size: 1 },
    ]);
  });

  it('rounds a mean half way to the even number', () => {
    expect(groupWindows([square(10, 0, 40), square(11, 1, 40)], 1)[0]!.box).toEqual(square(10, 0, 40));
    expect(groupWindows([square(11, 0, 40), square(12, 3, 40)], 1)[0]!.box).toEqual(square(12, 2, 40));
  });

  it('leaves out a group inside a larger one, not one with more windows', () => {
    const large = square(0, 0, 100);
    const small = square(30, 40, 30);
    expect(groupWindows([...times(8, large), ...times(4, small)], 3)).toEqual([{ box: large, size: 8 }]);
    expect(groupWindows([...times(4, large), ...times(8, small)], 3)).toHaveLength(2);
  });

  it('does not depend on the order of the windows', () => {
    const window = fc
      .tuple(fc.nat(150), fc.nat(150), fc.integer({ min: 24, max: 80 }))
      .map(([x, y, side]) => square(x, y, side));
    const windows = fc.array(window, { maxLength: 60 });
    const sorted = (list: readonly Box[], minNeighbors: number): string[] =>
      groupWindows(list, minNeighbors)
        .map((group) => JSON.stringify(group))
        .sort();
    fc.assert(
      fc.property(windows, fc.nat(3), fc.infiniteStream(fc.nat()), (list, minNeighbors, keys) => {
        const shuffled = list
          .map((box) => ({ box, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ box }) => box);
        expect(sorted(shuffled, minNeighbors)).toEqual(sorted(list, minNeighbors));
      }),
    );
  });
});

describe('roundHalfToEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.4999, 2],
    [2.5001, 3],
    [7, 7],
  ])('%d becomes %i', (value, rounded) => {
    expect(roundHalfToEven(value)).toBe(rounded);
  });
});
