import { describe, expect, it } from 'vitest';
import type { YuvImage } from '../../../src/core/image.js';
import { turnYuv } from '../../../src/core/turn-yuv.js';

/** 3×2 luma samples; the planes of chroma are 2×1. */
const image: YuvImage = {
  width: 3,
  height: 2,
  data: Uint8Array.from([1, 2, 3, 4, 5, 6, 10, 11, 20, 21]),
  matrix: 'bt709',
};

describe('turnYuv', () => {
  it.each([
    [0, 3, 2, [1, 2, 3, 4, 5, 6, 10, 11, 20, 21]],
    [90, 2, 3, [4, 1, 5, 2, 6, 3, 10, 11, 20, 21]],
    [180, 3, 2, [6, 5, 4, 3, 2, 1, 11, 10, 21, 20]],
    [270, 2, 3, [3, 6, 2, 5, 1, 4, 11, 10, 21, 20]],
  ] as const)('turns by %d degrees clockwise', (rotation, width, height, data) => {
    expect(turnYuv(image, rotation)).toEqual({ width, height, data: Uint8Array.from(data), matrix: 'bt709' });
  });
});
