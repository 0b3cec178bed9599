import { describe, expect, it } from 'vitest';
import type { FaceCrop } from '../../../../src/core/face-embedder.js';
import { copyCrop, decodeCrop, encodeCrop } from '../../../../src/recognition/embedding/crop.js';

/** A crop of one grey in which the eyes lie so many pixels apart. */
function crop(eyeDistance: number): FaceCrop {
  const [width, height] = [eyeDistance * 3, eyeDistance * 4];
  const at = (x: number, y: number) => ({ x: x * eyeDistance, y: y * eyeDistance });
  const landmarks = [at(1, 1), at(2, 1), at(1.5, 2), at(1, 3), at(2, 3)] as const;
  return { width, height, data: new Uint8Array(width * height * 3).fill(77), landmarks };
}

describe('copyCrop', () => {
  it('copies a small crop as it is, into a buffer of its own', () => {
    const original = crop(100);
    const copy = copyCrop(original);
    expect(copy).toEqual(original);
    original.data.fill(0);
    expect(copy.data[0]).toBe(77);
  });

  it('halves a large one until the eyes are at most 100 pixels apart, and its landmarks with it', () => {
    expect(copyCrop(crop(320))).toEqual(crop(80));
  });
});

describe('a stored crop', () => {
  it('is read as it was kept, to the bit', async () => {
    const original = crop(40);
    original.data.forEach((_, i) => (original.data[i] = (i * 7919) % 256));
    const stored = await encodeCrop(original);
    expect(await decodeCrop(stored)).toEqual(original);
  });
});
