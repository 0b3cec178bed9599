import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeJpeg, resizeToRgb } from '../../../src/annotate/encode.js';

/** Red on the left half, green on the right. */
function halves(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    data[pixel * 3 + (pixel % width < width / 2 ? 0 : 1)] = 200;
  return { width, height, data };
}

describe('encodeJpeg', () => {
  it('gives a 4:2:0 baseline JPEG that looks like the picture', async () => {
    const jpeg = await encodeJpeg(halves(320, 180), { quality: 80 });
    const { format, width, height, chromaSubsampling, isProgressive } = await sharp(jpeg).metadata();
    expect({ format, width, height, chromaSubsampling, isProgressive }).toEqual({
      format: 'jpeg',
      width: 320,
      height: 180,
      chromaSubsampling: '4:2:0',
      isProgressive: false,
    });
    const { data } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    expect(data[0]).toBeGreaterThan(185);
    expect(data[1]).toBeLessThan(15);
    expect(data[319 * 3 + 1]).toBeGreaterThan(185);
  });

  it('obeys the quality', async () => {
    const noise = {
      width: 160,
      height: 90,
      data: Uint8Array.from({ length: 160 * 90 * 3 }, (_, i) => (i * 7919) % 251),
    };
    const [low, high] = await Promise.all([
      encodeJpeg(noise, { quality: 30 }),
      encodeJpeg(noise, { quality: 95 }),
    ]);
    expect(low.length).toBeLessThan(high.length / 2);
  });
});

describe('resizeToRgb', () => {
  it('keeps the shape and the picture', async () => {
    const small = await resizeToRgb(halves(640, 361), 320);
    expect([small.width, small.height]).toEqual([320, 181]);
    expect(small.data).toHaveLength(320 * 181 * 3);
    expect([...small.data.subarray(30, 33)]).toEqual([200, 0, 0]);
    expect([...small.data.subarray(-33, -30)]).toEqual([0, 200, 0]);
  });

  it('never enlarges, and never shares memory with the picture', async () => {
    const image = halves(64, 36);
    const same = await resizeToRgb(image, 640);
    expect(same).toEqual({ width: 64, height: 36, data: new Uint8Array(image.data) });
    image.data.fill(7);
    expect(same.data[0]).toBe(200);
  });

  it('gives at least one row', async () => {
    expect(await resizeToRgb(halves(1000, 2), 10)).toMatchObject({ width: 10, height: 1 });
  });
});
