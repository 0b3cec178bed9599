import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { VideoFolder } from '../../helpers/video.js';
import { packageRoot } from '../../../src/config/package-root.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { plainGif } from '../../helpers/plain-gif.js';

const folder = new VideoFolder();
const limits = { maxBytes: 1_000_000, maxPixels: 4_000_000 };
const colour = { r: 200, g: 100, b: 50 };
const plain = () => sharp({ create: { width: 8, height: 4, channels: 3, background: colour } });
const grey = { r: 128, g: 128, b: 128 };
afterAll(() => folder.remove());

function blank(width: number, height: number): Sharp {
  return sharp({ create: { width, height, channels: 3, background: colour } });
}

async function firstPixel(input: Buffer | string): Promise<number[]> {
  const image = await readImage(input, limits);
  expect([image.width, image.height, image.data.length]).toEqual([8, 4, 8 * 4 * 3]);
  return [...image.data.subarray(0, 3)];
}

function expectNear(pixel: number[], { r, g, b }: typeof colour, tolerance = 4): void {
  for (const [index, value] of [r, g, b].entries()) {
    expect(Math.abs((pixel[index] ?? 999) - value)).toBeLessThanOrEqual(tolerance);
  }
}

describe('readImage', () => {
  it.each(['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'] as const)(
    'reads %s from bytes and from a file',
    async (format) => {
      const bytes = await plain().toFormat(format).toBuffer();
      expectNear(await firstPixel(bytes), colour);
      expectNear(await firstPixel(await folder.write(`picture.${format}`, bytes)), colour);
    },
  );

  it.each([
    ['grey JPEG', () => blank(8, 4).greyscale().jpeg(), grey, 2],
    ['grey PNG', () => blank(8, 4).toColourspace('b-w').png(), grey, 2],
    ['16-bit PNG', () => plain().toColourspace('rgb16').png(), colour, 2],
    ['16-bit grey PNG', () => plain().toColourspace('grey16').png(), grey, 2],
    // There is no one way from inks to light.
    ['CMYK JPEG', () => plain().toColourspace('cmyk').jpeg({ quality: 100 }), colour, 40],
    ['PNG with a palette', () => plain().png({ palette: true }), colour, 2],
  ] as const)('turns a %s into 8-bit RGB', async (_name, make, expected, tolerance) => {
    expectNear(await firstPixel(await make().toBuffer()), expected, tolerance);
  });

  it('lays transparent pictures on white', async () => {
    const background = { ...colour, alpha: 0 };
    const bytes = await sharp({ create: { width: 8, height: 4, channels: 4, background } })
      .png()
      .toBuffer();
    expect(await firstPixel(bytes)).toEqual([255, 255, 255]);
  });

  it('turns a picture upright by its EXIF orientation', async () => {
    const left = await blank(10, 20).png().toBuffer();
    const sideways = sharp({ create: { width: 30, height: 20, channels: 3, background: 'white' } })
      .composite([{ input: left, left: 0, top: 0 }])
      .withMetadata({ orientation: 6 });
    const image = await readImage(await sideways.png().toBuffer(), limits);
    expect([image.width, image.height]).toEqual([20, 30]);
    expect([...image.data.subarray(0, 3)]).toEqual([200, 100, 50]);
    expect([...image.data.subarray(-3)]).toEqual([255, 255, 255]);
  });

  it('takes the first picture of an animation', async () => {
    const pages = [await plain().png().toBuffer(), await blank(8, 4).negate().png().toBuffer()];
    expectNear(
      await firstPixel(
        await sharp(pages, { join: { animated: true } })
          .gif()
          .toBuffer(),
      ),
      colour,
    );
  });

  it.each([
    ['more bytes than allowed', () => Buffer.alloc(1_000_001), '1000000 bytes'],
    ['more pixels than allowed', () => blank(2500, 2000).png().toBuffer(), '2500×2000'],
    ['a strip 30,000 pixels wide', () => blank(30_000, 2).png().toBuffer(), '30000×2'],
  ])('refuses %s', async (_name, make, reason) => {
    await expect(readImage(await make(), limits)).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringContaining(reason) as string,
    });
  });

  it.each([
    ['an empty file', () => '', 'an empty file'],
    ['a text file', () => 'not a picture', 'not a pictu'],
    ['an SVG', () => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', '<svg'],
    ['half a JPEG', async () => half(await noise().jpeg().toBuffer()), 'cannot be decoded'],
    ['half a PNG', async () => half(await noise().png().toBuffer()), 'cannot be decoded'],
    [
      'a header and nothing else',
      async () => (await plain().png().toBuffer()).subarray(0, 30),
      'cannot be decoded',
    ],
  ])('refuses %s, naming the file and what came', async (name, make, reason) => {
    const path = await folder.write(`${name}.jpg`, await make());
    const reading = readImage(path, limits);
    await expect(reading).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    await expect(reading).rejects.toThrow(reason);
    await expect(reading).rejects.toThrow(path);
  });

  it.each([
    ['a BMP', 'BM\x36\0\0\0'],
    ['an icon', '\0\0\x01\0\x01\0'],
    ['an MP4', '\0\0\0\x18ftypisom'],
    ['a PDF', '%PDF-1.7\n'],
    ['an SVG after a byte order mark', '\xef\xbb\xbf<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['an SVG in XML', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a page', '<!doctype html><script>alert(1)</script>'],
  ])('refuses %s before any decoder sees it', async (_name, bytes) => {
    await expect(readImage(Buffer.from(bytes, 'latin1'), limits)).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: expect.stringContaining('begins with') as string,
    });
  });

  describe('of HEIC', () => {
    const heic = (name: string) => readFile(join(packageRoot(), 'test/fixtures/heic', `${name}.heic`));

    it('reads the pixels', async () => {
      const image = await readImage(await heic('plain'), limits);
      expect([image.width, image.height, image.data.length]).toEqual([64, 48, 64 * 48 * 3]);
      expectNear([...image.data.subarray(0, 3)], colour);
    });

    it('refuses one of more pixels than allowed', async () => {
      await expect(readImage(await heic('plain'), { ...limits, maxPixels: 3000 })).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
        message: expect.stringContaining('64×48') as string,
      });
    });

    it('takes no more memory than the size in the header allows', async () => {
      const before = process.memoryUsage.rss();
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
      await expect(readImage(await heic('larger-than-said'), limits)).rejects.toMatchObject({
        code: 'IMAGE_UNREADABLE',
      });
      clearInterval(watch);
      // The planes alone of what is coded in it take 100 MB, and the picture as RGBA 268 MB.
      expect(most - before).toBeLessThan(200e6);
    });

    it('refuses half of one, and one that is only a header', async () => {
      const whole = await heic('plain');
      for (const bytes of [half(whole), whole.subarray(0, -10), Buffer.from('\0\0\0\x18ftypheic')])
        await expect(readImage(bytes, limits)).rejects.toMatchObject({
          code: 'IMAGE_UNREADABLE',
          message: expect.stringContaining('cannot be decoded') as string,
        });
    });

    it('gives it up after the time allowed', async () => {
      await expect(readImage(await heic('plain'), { ...limits, timeoutMs: 1 })).rejects.toMatchObject({
        code: 'IMAGE_TOO_SLOW',
      });
    });
  });

  it('gives a picture up that takes too long', async () => {
    // Decoding takes two and a half seconds, in which the limit, a second, is looked at again and again.
    const side = 16_000;
    expect(await sharp(plainGif(700, 700)).stats()).toMatchObject({ isOpaque: true, entropy: 0 });
    await expect(
      readImage(plainGif(side, side), { maxBytes: 1e9, maxPixels: side * side, timeoutMs: 1 }),
    ).rejects.toMatchObject({ code: 'IMAGE_TOO_SLOW' });
  });

  it('refuses a folder and a file that is not there', async () => {
    await expect(readImage(folder.path, limits)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    await expect(readImage(join(folder.path, 'none.jpg'), limits)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('no such file') as string,
    });
  });
});

function noise(): Sharp {
  const gaussian = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  return sharp({ create: { width: 200, height: 200, channels: 3, background: 'red', noise: gaussian } });
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}

describe('small files that are much work', () => {
  it('refuses a JPEG with very many scans, and reads one with a thumbnail in it', async () => {
    const bytes = await blank(64, 64).greyscale().jpeg({ progressive: true }).toBuffer();
    const begin = bytes.lastIndexOf(Buffer.from([0xff, 0xda]));
    const [before, scan] = [bytes.subarray(0, begin), bytes.subarray(begin, -2)];
    const bomb = Buffer.concat([before, ...Array<Buffer>(101).fill(scan), bytes.subarray(-2)]);
    await expect(readImage(bomb, limits)).rejects.toThrow(/at most 100 scans .* received 1\d\d scans/);
    // What looks like scans in a segment, and after the end.
    const notScans = Buffer.concat(Array<Buffer>(200).fill(Buffer.from([0xff, 0xda, 0, 0])));
    const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0x03, 0x22]), notScans]);
    const withThumbnail = Buffer.concat([bytes.subarray(0, 2), segment, bytes.subarray(2), notScans]);
    expect(await readImage(withThumbnail, limits)).toMatchObject({ width: 64, height: 64 });
  });

  it('refuses a WebP animation with very many frames', async () => {
    expect(await readImage(await animation(3), limits)).toMatchObject({ width: 2, height: 2 });
    await expect(animation(10_001).then((bytes) => readImage(bytes, limits))).rejects.toThrow(
      'at most 10000 frames for the upload but received 10001 frames',
    );
  });
});

/** A WebP animation of one frame over and over. */
async function animation(frames: number): Promise<Buffer> {
  const picture = (await blank(2, 2).webp().toBuffer()).subarray(12);
  // The place, then width and height less one, 3 bytes each.
  const frame = chunk('ANMF', Buffer.from([0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]), picture);
  const head = chunk('VP8X', Buffer.from([2, 0, 0, 0, 1, 0, 0, 1, 0, 0]));
  const all = Array<Buffer>(frames).fill(frame);
  return chunk('RIFF', Buffer.from('WEBP'), head, chunk('ANIM', Buffer.alloc(6)), ...all);
}

function chunk(name: string, ...parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(name), length, data, Buffer.alloc(data.length % 2)]);
}
