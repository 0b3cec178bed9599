import { describe, expect, it } from 'vitest';
import type { EmbedTask } from '../../../src/core/embed-protocol.js';
import { copyCrop } from '../../../src/recognition/kept-crop.js';

function crop(width: number, height: number): EmbedTask {
  const data = new Uint8Array(width * height * 3).fill(77);
  const point = { x: width / 2, y: height / 4 };
  return { width, height, data, landmarks: [point, point, point, point, point] };
}

describe('copyCrop', () => {
  it('copies a small crop as it is, into a buffer of its own', () => {
    const original = crop(256, 130);
    const copy = copyCrop(original);
    expect(copy).toEqual(original);
    original.data.fill(0);
    expect(copy.data[0]).toBe(77);
  });

  it('halves a large one until it fits, and its landmarks with it', () => {
    const copy = copyCrop(crop(1000, 600));
    expect([copy.width, copy.height, copy.data.length]).toEqual([250, 150, 250 * 150 * 3]);
    expect(copy.landmarks[2]).toEqual({ x: 125, y: 37.5 });
    expect(copy.data.every((value) => value === 77)).toBe(true);
  });
});
